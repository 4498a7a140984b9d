### Alle Texte des Gesprächs auf Deutsch; Schlüssel und Variablen wie in en.ftl.

## Small talk

greeting = Hallo! Ich durchsuche den Shop, nenne Preise und Bestände und führe Ihren Warenkorb. Was suchen Sie?
help =
    Das kann ich für Sie tun:
    • Produkte suchen: „Haben Sie das iPhone 15?“
    • Einzelheiten, Preise und Bestände nennen: „Was kostet das zweite?“
    • Fragen zu einem Produkt beantworten
    • den Warenkorb füllen und zeigen: „Zwei von den schwarzen, bitte“, „Was ist in meinem Warenkorb?“
thanks = Gern geschehen! Kann ich noch etwas tun?
goodbye = Auf Wiedersehen, und danke für Ihren Besuch!
other = Ich bin der Assistent dieses Shops und habe darin nichts gefunden, was ich tun kann. Ich kann Produkte suchen, Preise und Bestände nennen, Fragen zu Produkten beantworten und Ihren Warenkorb führen.
unsure = Ich bin nicht sicher, was Sie meinen. Was möchten Sie tun?

## What a suggestion button shows and says

topic-product-search = Produkte suchen
topic-product-search-message = Produkte suchen
topic-product-info = Produktdetails
topic-product-info-message = Zeig mir die Details
topic-product-question = Frage zum Produkt
topic-product-question-message = Ich habe eine Frage zu einem Produkt
topic-basket-add = In den Warenkorb
topic-basket-add-message = Leg es in meinen Warenkorb
topic-basket-view = Warenkorb zeigen
topic-basket-view-message = Was ist in meinem Warenkorb?
topic-basket-remove = Artikel entfernen
topic-basket-remove-message = Nimm es aus meinem Warenkorb
topic-basket-update = Menge ändern
topic-basket-update-message = Ändere die Menge in meinem Warenkorb
topic-checkout-pay = Bezahlen
topic-checkout-pay-message = Ich möchte bezahlen
topic-order-status = Meine Bestellungen
topic-order-status-message = Wo ist meine Bestellung?
topic-admin-product-create = Produkt anlegen
topic-admin-product-create-message = Lege ein Produkt an
topic-admin-product-import = Produkte einlesen
topic-admin-product-import-message = Importiere Produkte aus einer Datei
topic-admin-product-list = Produkte auflisten
topic-admin-product-list-message = Liste alle Produkte auf
topic-admin-product-update = Produkt ändern
topic-admin-product-update-message = Ändere ein Produkt
topic-admin-product-delete = Produkt löschen
topic-admin-product-delete-message = Lösche ein Produkt
topic-notify-send = Nachricht senden
topic-notify-send-message = Sende eine Nachricht
topic-greeting = Hallo sagen
topic-greeting-message = Hallo
topic-help = Hilfe
topic-help-message = Was kannst du?
topic-thanks = Danke
topic-thanks-message = Danke
topic-goodbye = Auf Wiedersehen
topic-goodbye-message = Auf Wiedersehen
topic-human-handover = Mit Mensch sprechen
topic-human-handover-message = Ich möchte mit einem Menschen sprechen

## Not possible here yet

not-yet-basket-remove = Ich kann hier noch nichts aus Ihrem Warenkorb nehmen; es wurde nichts geändert.
not-yet-basket-update = Ich kann hier noch keine Mengen im Warenkorb ändern; es wurde nichts geändert.
not-yet-checkout-pay = Ich kann hier noch keine Zahlungen annehmen. Ihr Warenkorb bleibt, wie er ist.
not-yet-order-status = Ich kann hier noch keine Bestellungen nachsehen.
not-yet-admin-product-create = Ich kann hier noch keine Produkte anlegen; es wurde nichts geändert.
not-yet-admin-product-import = Ich kann hier noch keine Produkte einlesen; es wurde nichts geändert.
not-yet-admin-product-list = Ich kann hier noch keine Produkte auflisten.
not-yet-admin-product-update = Ich kann hier noch keine Produkte ändern; es wurde nichts geändert.
not-yet-admin-product-delete = Ich kann hier noch keine Produkte löschen; es wurde nichts geändert.
not-yet-notify-send = Ich kann von hier noch keine Nachrichten senden; es wurde nichts gesendet.
not-yet-human-handover = Ich kann Sie hier noch nicht an einen Kollegen weitergeben.
not-yet-other = Das kann ich hier noch nicht; es wurde nichts geändert.
what-i-can = Was ich kann: Produkte suchen, Preise und Bestände nennen, Fragen zu Produkten beantworten und Ihren Warenkorb führen.
what-i-can-admin = Was ich kann: Produkte mit Status, Preisen und Bestand auflisten und alles, was Kunden können.

## Products

search-results = { $count ->
    [one] Ich habe ein Produkt zu „{ $query }“ gefunden:
   *[other] Ich habe { $count } Produkte zu „{ $query }“ gefunden:
}
search-more-results = Weitere zu „{ $query }“:
search-corrected = Ich habe nach „{ $query }“ gesucht.
search-what = Was suchen Sie? Nennen Sie mir ein Produkt, eine Marke oder eine Art von Ware.
search-empty = Ich habe nichts zu „{ $query }“ gefunden.
search-did-you-mean = Meinten Sie { $suggestions }?
search-empty-remedy = Versuchen Sie es mit anderen oder weniger Wörtern.
recommendations = { $count ->
    [one] Das könnte Sie interessieren:
   *[other] Diese { $count } könnten Sie interessieren:
}
recommendations-empty = Dazu kann ich gerade nichts empfehlen.
price-from = ab { $price }
in-stock = auf Lager
sold-out = ausverkauft
stock-left = { $available ->
    [0] ausverkauft
   *[other] { $available } auf Lager
}
product-simple = { $title } kostet { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } gibt es in einer Ausführung:
   *[other] { $title } gibt es in { $count } Ausführungen:
}
product-variants-chosen = { $count ->
    [one] { $title }, die gewünschte Ausführung:
   *[other] { $title }, die { $count } gewünschten Ausführungen:
}
product-unknown = Ich kenne kein Produkt „{ $name }“.
product-unknown-remedy = Sagen Sie mir, was Sie suchen, und ich durchsuche den Shop.
product-gone = { $title } wird nicht mehr verkauft.
also-found = Außerdem gefunden: { $titles }.
which-product = Welches Produkt meinen Sie?
which-of-these = Welches meinen Sie?
which-product-remedy = Nennen Sie mir den Namen, oder suchen Sie zuerst danach.
compare-lead = Hier ist der Vergleich:
compare-empty = Diese Produkte konnte ich nicht vergleichen.
show-more = Mehr zeigen
show-more-message = Mehr zeigen
label-price = Preis
label-stock = Bestand
label-product = Produkt
label-status = Status
label-date = Datum
label-total = Summe
label-order = Bestellung
yes = Ja
no = Nein

## Questions about products

answer-unknown = Dazu habe ich keine Angaben.
facts-instead = Das kann ich hier noch nicht beurteilen; im Katalog steht:

## Basket

added = { $quantity ->
    [one] In Ihren Warenkorb gelegt: { $quantity } × { $title }, { $price }.
   *[other] In Ihren Warenkorb gelegt: { $quantity } × { $title }, je { $price }.
}
basket-sum = { $count ->
    [one] Ihr Warenkorb enthält jetzt einen Artikel, zusammen { $total }.
   *[other] Ihr Warenkorb enthält jetzt { $count } Artikel, zusammen { $total }.
}
basket-lead = { $count ->
    [one] In Ihrem Warenkorb liegt ein Artikel:
   *[other] In Ihrem Warenkorb liegen { $count } Artikel:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Summe: { $total }
basket-empty = Ihr Warenkorb ist leer.
line-insufficient = nicht genug auf Lager
line-unavailable = nicht mehr erhältlich
notice-price_changed = Ein Preis hat sich geändert, seit Sie den Artikel hineingelegt haben.
notice-quantity_reduced = Eine Menge wurde auf den Lagerbestand verringert.
notice-line_unavailable = Etwas in Ihrem Warenkorb ist nicht mehr erhältlich.
choose-option = { $title }, Auswahl nach { $axis }: { $values }?
choose-option-plain = Bitte wählen Sie nach { $axis }: { $values }?
axis-storage = Speicher
axis-color = Farbe
axis-size = Größe
axis-material = Material
short-stock = { $available ->
    [one] Von { $title } ist nur noch eines da; es wurde nichts hineingelegt. Soll ich es nehmen?
   *[other] Von { $title } sind nur noch { $available } da; es wurde nichts hineingelegt. Soll ich stattdessen { $available } nehmen?
}
short-stock-unknown = Von { $title } ist nicht genug auf Lager; es wurde nichts hineingelegt. Versuchen Sie eine kleinere Menge.
sold-out-title = { $title } ist ausverkauft; es wurde nichts hineingelegt.
quantity-limit = { $limit ->
    [0] Das ist mehr von { $title }, als eine Bestellung enthalten darf; es wurde nichts hineingelegt.
   *[other] Höchstens { $limit } von { $title } je Bestellung; es wurde nichts hineingelegt.
}
quantity-range = Ich kann { $minimum } bis { $maximum } Stück auf einmal hineinlegen; es wurde nichts hineingelegt.
the-product = diesem Produkt

## Orders

orders-lead = { $count ->
    [one] Ihre letzte Bestellung:
   *[other] Ihre letzten { $count } Bestellungen:
}
orders-empty = Sie haben noch keine Bestellungen.
order-unknown = Diese Bestellung finde ich in Ihrem Konto nicht.

## Administration

admin-list-lead = { $count ->
    [one] Ein Produkt:
   *[other] { $count } Produkte:
}
admin-list-empty = Keine Produkte passen dazu.
status-draft = Entwurf
status-active = aktiv
status-archived = archiviert

## Changing the basket

basket-changed = Geändert: { $quantity } × { $title }.
basket-removed = Aus dem Warenkorb genommen: { $title }.
basket-emptied = Ihr Warenkorb ist jetzt leer.
which-line = Was in Ihrem Warenkorb meinen Sie?
line-not-found = Das ist nicht in Ihrem Warenkorb; nichts wurde geändert.
alert-offer = Soll ich Ihnen schreiben, wenn es wieder da ist?

## Paying and orders

pay-link = Bestellung { $number }: Bezahlen Sie { $amount } hier: { $url }
pay-link-plain = Bestellung { $number }: Bezahlen Sie hier: { $url }
pay-until = Der Link gilt bis { $until }.
pay-empty = Ihr Warenkorb ist leer; es gibt nichts zu bezahlen.
pay-provider = Wie möchten Sie bezahlen?
pay-down = Diese Zahlungsart antwortet gerade nicht; nichts wurde bestellt. Bitte versuchen Sie es in einer Minute noch einmal.
pay-others = Andere Zahlungsarten: { $values }.
pay-not-payable = Bestellung { $number } kann nicht mehr bezahlt werden. Fragen Sie mich nach Ihren Bestellungen, um zu sehen, warum.
pay-changed = Seit Sie es gesehen haben, hat sich etwas geändert; nichts wurde bestellt.
order-delivery = voraussichtlich { $date }
order-status-pending_payment = wartet auf Zahlung
order-status-paid = bezahlt
order-status-processing = wird gepackt
order-status-shipped = unterwegs
order-status-delivered = zugestellt
order-status-cancelled = storniert
order-status-expired = verfallen, weil nicht rechtzeitig bezahlt
order-status-refunded = erstattet

## Alerts, messages, a colleague

alert-made = Ich schreibe Ihnen einmal, wenn { $title } wieder verfügbar ist.
alert-in-stock = Gute Nachricht: { $title } ist auf Lager. Soll ich es in den Warenkorb legen?
sent = Ihre Nachricht wurde gesendet.
sent-later = Ihre Nachricht wartet und geht hinaus, sobald der Dienst sie annimmt.
sent-suppressed = Nicht gesendet: Der Empfänger hat solchen Nachrichten nicht zugestimmt.
handover-queued = Ich habe einen Kollegen gebeten zu übernehmen ({ $ticket }). Bis jemand da ist, helfe ich weiter.
handover-minutes = { $minutes ->
    [one] Das dauert meist eine Minute.
   *[other] Das dauert meist etwa { $minutes } Minuten.
}
handover-human = Ein Kollege hat dieses Gespräch und liest Ihre Nachricht.
handover-taken = Ein Kollege ist jetzt da und antwortet Ihnen.
handover-returned = Der Assistent ist wieder für Sie da.
handover-not-allowed = Gespräche zu übernehmen verlangt das Recht handover:agent. Melden Sie sich mit einem Token an, das es hat.
handover-not-taken = Kein Mensch hat dieses Gespräch. Senden Sie zuerst „take“.
handover-other-agent = Jemand anderes hat dieses Gespräch. Warten Sie, bis es zurückgegeben wird.
handover-empty = Es gibt nichts zu sagen: Senden Sie den Frame mit einem Text.

## Making and changing products

product-created = Angelegt: { $title }
product-updated = Geändert: { $title }
product-unchanged = Ist schon so, nichts zu ändern: { $title }
product-archived = Archiviert und nicht mehr im Shop: { $title }
delete-one-by-one = Ich archiviere Produkte nur einzeln; nichts wurde getan. Sagen Sie mir, welches.
sku-taken = Ein anderes Produkt hat diese SKU schon; nichts wurde angelegt. Wählen Sie eine andere SKU oder ändern Sie jenes Produkt.
changed-meanwhile = Jemand hat es inzwischen geändert; nichts wurde getan. Sehen Sie es sich noch einmal an und wiederholen Sie Ihren Wunsch.
import-how = Schicken Sie mir eine Datei (CSV, JSON oder XLSX) mit Ihrer Nachricht, oder fügen Sie die Zeilen darunter ein. Ich zeige zuerst, was geschehen würde.
import-dry = Nur eine Probe, nichts wurde geändert. { $rows } Zeilen: { $created } neu, { $updated } geändert, { $skipped } unverändert, { $failed } fehlerhaft.
import-done = Der Import ist fertig. { $rows } Zeilen: { $created } neu, { $updated } geändert, { $skipped } unverändert, { $failed } fehlerhaft.
import-running = Der Import läuft; ich melde mich, wenn er fertig ist.
import-row = Zeile { $row }
import-unreadable = Ich kann diese Datei nicht lesen; nichts wurde geändert. Speichern Sie sie als CSV in UTF-8, JSON oder XLSX und senden Sie sie noch einmal.
import-too-large = Diese Datei ist zu groß; nichts wurde geändert. Teilen Sie sie und senden Sie die Teile.

## What waits for a yes

confirm-pay = { $count ->
    [one] Die Summe ist { $amount } für einen Artikel. Soll ich bestellen und den Zahlungslink erstellen?
   *[other] Die Summe ist { $amount } für { $count } Artikel. Soll ich bestellen und den Zahlungslink erstellen?
}
confirm-empty-basket = { $count ->
    [one] In Ihrem Warenkorb ist ein Artikel. Ganz leeren?
   *[other] In Ihrem Warenkorb sind { $count } Artikel. Ganz leeren?
}
confirm-delete = „{ $title }“ archivieren? Es verschwindet aus dem Shop; Bestellungen bleiben.
confirm-delete-baskets = { $count ->
    [one] Es ist gerade in einem Warenkorb.
   *[other] Es ist gerade in { $count } Warenkörben.
}
confirm-update = „{ $title }“ so ändern?
confirm-import = Soll ich es jetzt wirklich importieren?
confirm-send = Diese Nachricht an { $to } senden?
confirm-any = Das lässt sich nicht einfach rückgängig machen. Soll ich es tun?
confirm-how = Antworten Sie „ja“, um es zu tun, „nein“, um es zu lassen.
left-undone = In Ordnung, ich habe es gelassen.
confirm-over = Diese Frage ist nicht mehr offen, und nichts wurde getan. Bitte sagen Sie noch einmal, was Sie möchten.
nothing-open = Gerade wartet nichts auf ein Ja oder Nein. Was kann ich für Sie tun?
one-at-a-time = Bringen wir erst das zu Ende. Sagen Sie mir dann noch einmal: „{ $rest }“
withheld = Ein Teil meiner Antwort ließ sich nicht prüfen, deshalb habe ich ihn weggelassen. Bitte fragen Sie noch einmal.

## Asking for what is missing

slot-quantity = Wie viele möchten Sie?
slot-title = Wie heißt das Produkt?
slot-price = Was soll es kosten?
slot-product = Welches Produkt? Sagen Sie mir Name oder SKU.
slot-new-price = Was soll sich ändern? Sagen Sie mir den neuen Preis, Bestand oder Status.
slot-address = An welche E-Mail-Adresse oder Telefonnummer soll ich schreiben?
slot-consent = Darf ich diese Adresse für diese eine Nachricht speichern?
slot-email = An welche E-Mail-Adresse?
slot-phone = An welche Telefonnummer? Bitte mit Landesvorwahl.
slot-subject = Wie lautet der Betreff?
slot-body = Was soll in der Nachricht stehen?

## Progress

progress-understanding = Ich lese Ihre Nachricht …
progress-search = Ich durchsuche den Shop …
progress-product = Ich sehe das Produkt nach …
progress-basket = Ich kümmere mich um Ihren Warenkorb …
progress-working = Ich arbeite daran …

## Errors

error-unavailable = { $seconds ->
    [one] Der zuständige Teil des Shops ({ $service }) startet gerade neu. Bitte versuchen Sie es in einer Sekunde wieder.
   *[other] Der zuständige Teil des Shops ({ $service }) startet gerade neu. Bitte versuchen Sie es in { $seconds } Sekunden wieder.
}
error-uncertain = Der zuständige Teil des Shops ({ $service }) wurde nicht fertig, und ich weiß nicht, ob es geschehen ist. Bitte sehen Sie nach, etwa in Ihrem Warenkorb, bevor Sie es wieder versuchen.
error-too-slow = Das dauerte zu lange und wurde abgebrochen. Bitte versuchen Sie es gleich noch einmal.
error-busy = Ihre vorige Nachricht ist noch in Arbeit. Bitte versuchen Sie es gleich noch einmal.
error-cancelled = Auf Ihren Wunsch abgebrochen. Was schon geschehen ist, bleibt.
error-draining = Dieser Dienst startet gleich neu. Bitte senden Sie Ihre Nachricht in { $seconds } Sekunden noch einmal.
error-api = Der Shop antwortet gerade nicht; es ging nichts verloren. Bitte versuchen Sie es in einer Minute wieder.
error-authentication = Dafür muss ich wissen, wer Sie sind. Bitte melden Sie sich an und versuchen Sie es wieder.
error-wrong-user = Diese Verbindung gehört „{ $user }“. Senden Sie das als userId, oder melden Sie sich anders an.
error-reserved-user = Benutzernamen mit einem Vorsatz wie whatsapp: vergeben nur Konnektoren. Bitte senden Sie einen ohne.
error-admin-only = Das kann nur die Shop-Verwaltung. Melden Sie sich mit einem Verwaltungskonto an.
error-rate-limit = { $seconds ->
    [one] Das war viel auf einmal. Bitte warten Sie eine Sekunde und senden Sie es dann noch einmal.
   *[other] Das war viel auf einmal. Bitte warten Sie { $seconds } Sekunden und senden Sie es dann noch einmal.
}
error-invalid-params = Der Shop konnte mit diesen Angaben nichts anfangen. Bitte sagen Sie es anders.
error-internal = Bei uns ist etwas schiefgegangen; mehr wurde nicht getan. Bitte versuchen Sie es noch einmal; bleibt es dabei, nennen Sie dem Support die Nummer { $correlation }.
error-too-many-waiting = Zu viele Nachrichten warten auf ihre Antwort. Bitte warten Sie einige ab, bevor Sie mehr senden.

## Frames that cannot be read

frame-too-deep = Der Rahmen ist tiefer als { $limit } Ebenen verschachtelt. Machen Sie ihn flacher.
frame-not-json = Der Rahmen ist kein gültiges JSON. Senden Sie ein JSON-Objekt je Rahmen, in UTF-8.
frame-not-an-object = Der Rahmen ist kein Objekt. Senden Sie ein JSON-Objekt je Rahmen.
frame-duplicate-member = Der Rahmen nennt ein Feld doppelt. Senden Sie jedes Feld einmal.
frame-no-type = Der Rahmen hat weder „type“ noch „message“. Senden Sie ein Objekt mit „type“.
frame-unknown-type = Den „type“ des Rahmens gibt es nicht. Möglich sind: { $types }.
frame-missing = Das Feld „{ $field }“ fehlt. { $rule }
frame-wrong = Das Feld „{ $field }“ ist ungültig. { $rule }
rule-type = Es nennt die Art des Rahmens als Zeichenkette.
rule-id = Es ist eine Zeichenkette von 1 bis 128 Zeichen.
rule-userId = Es ist Ihre Benutzerkennung: 1 bis 100 Buchstaben, Ziffern oder . _ @ + -
rule-message = Es ist ein Text von 1 bis 4000 Zeichen.
rule-clientType = Es ist eines von web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = Es ist ein Sprachkürzel nach BCP 47 wie de oder pt-BR.
rule-conversationId = Es ist eine Zeichenkette von 1 bis 128 Zeichen.
rule-attachments = Es ist eine Liste von höchstens 10 Objekten mit „uploadId“ und „name“.
rule-stream = Es ist true oder false.
rule-metadata = Es ist ein Objekt.
rule-correct = Es ist true oder false.
rule-intent = Es ist eine Zeichenkette von höchstens 64 Zeichen.
rule-action = Es ist take, say oder return.
rule-text = Es ist eine Zeichenkette von höchstens 4000 Zeichen.
