### Tutti i testi della conversazione in italiano; chiavi e variabili come in en.ftl.

## Small talk

greeting = Buongiorno! Cerco nel negozio, dico prezzi e disponibilità e tengo il suo carrello. Che cosa sta cercando?
help =
    Ecco che cosa posso fare:
    • cercare prodotti: «Avete l'iPhone 15?»
    • dare dettagli, prezzi e disponibilità: «Quanto costa il secondo?»
    • rispondere a domande su un prodotto
    • riempire e mostrare il carrello: «Aggiungi due di quelli neri», «Che cosa c'è nel mio carrello?»
thanks = Prego! Posso fare altro?
goodbye = Arrivederci, e grazie della visita!
other = Sono l'assistente del negozio e non vi ho trovato nulla che io possa fare. Posso cercare prodotti, dire prezzi e disponibilità, rispondere a domande sui prodotti e tenere il suo carrello.
unsure = Non sono sicuro di aver capito. Che cosa desidera fare?

## What a suggestion button shows and says

topic-product-search = Cerca prodotti
topic-product-search-message = Cerca prodotti
topic-product-info = Vedi i dettagli
topic-product-info-message = Mostrami i dettagli
topic-product-question = Fai una domanda
topic-product-question-message = Ho una domanda su un prodotto
topic-basket-add = Metti nel carrello
topic-basket-add-message = Aggiungilo al mio carrello
topic-basket-view = Vedi il carrello
topic-basket-view-message = Che cosa c'è nel mio carrello?
topic-basket-remove = Togli dal carrello
topic-basket-remove-message = Toglilo dal mio carrello
topic-basket-update = Cambia quantità
topic-basket-update-message = Cambia la quantità nel mio carrello
topic-checkout-pay = Paga
topic-checkout-pay-message = Vorrei pagare
topic-order-status = I miei ordini
topic-order-status-message = Dov'è il mio ordine?
topic-admin-product-create = Crea un prodotto
topic-admin-product-create-message = Crea un prodotto
topic-admin-product-import = Importa prodotti
topic-admin-product-import-message = Importa prodotti da un file
topic-admin-product-list = Elenca i prodotti
topic-admin-product-list-message = Elenca tutti i prodotti
topic-admin-product-update = Modifica prodotto
topic-admin-product-update-message = Modifica un prodotto
topic-admin-product-delete = Elimina prodotto
topic-admin-product-delete-message = Elimina un prodotto
topic-notify-send = Invia un messaggio
topic-notify-send-message = Invia un messaggio
topic-greeting = Saluta
topic-greeting-message = Ciao
topic-help = Aiuto
topic-help-message = Che cosa sai fare?
topic-thanks = Grazie
topic-thanks-message = Grazie
topic-goodbye = Arrivederci
topic-goodbye-message = Arrivederci
topic-human-handover = Parla con qualcuno
topic-human-handover-message = Vorrei parlare con una persona

## Not possible here yet

not-yet-basket-remove = Qui non posso ancora togliere articoli dal suo carrello; non è cambiato nulla.
not-yet-basket-update = Qui non posso ancora cambiare le quantità nel carrello; non è cambiato nulla.
not-yet-checkout-pay = Qui non posso ancora ricevere pagamenti. Il suo carrello resta com'è.
not-yet-order-status = Qui non posso ancora consultare gli ordini.
not-yet-admin-product-create = Qui non posso ancora creare prodotti; non è cambiato nulla.
not-yet-admin-product-import = Qui non posso ancora importare prodotti; non è cambiato nulla.
not-yet-admin-product-list = Qui non posso ancora elencare prodotti.
not-yet-admin-product-update = Qui non posso ancora modificare prodotti; non è cambiato nulla.
not-yet-admin-product-delete = Qui non posso ancora eliminare prodotti; non è cambiato nulla.
not-yet-notify-send = Da qui non posso ancora inviare messaggi; non è stato inviato nulla.
not-yet-human-handover = Qui non posso ancora passarla a un collega.
not-yet-other = Qui non posso ancora farlo; non è cambiato nulla.
what-i-can = Che cosa posso fare: cercare prodotti, dire prezzi e disponibilità, rispondere a domande sui prodotti e tenere il suo carrello.
what-i-can-admin = Che cosa posso fare: elencare i prodotti con stato, prezzi e scorte, e tutto ciò che possono i clienti.

## Products

search-results = { $count ->
    [one] Ho trovato un prodotto per «{ $query }»:
   *[other] Ho trovato { $count } prodotti per «{ $query }»:
}
search-more-results = Altri per «{ $query }»:
search-corrected = Ho cercato «{ $query }».
search-what = Che cosa sta cercando? Mi dica un prodotto, una marca o un tipo di articolo.
search-empty = Non ho trovato nulla per «{ $query }».
search-did-you-mean = Intendeva { $suggestions }?
search-empty-remedy = Provi con altre parole, o con meno parole.
recommendations = { $count ->
    [one] Questo potrebbe interessarle:
   *[other] Questi { $count } potrebbero interessarle:
}
recommendations-empty = Al momento non ho nulla da consigliare.
price-from = da { $price }
in-stock = disponibile
sold-out = esaurito
stock-left = { $available ->
    [0] esaurito
    [one] { $available } disponibile
   *[other] { $available } disponibili
}
product-simple = { $title } costa { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } esiste in una versione:
   *[other] { $title } esiste in { $count } versioni:
}
product-variants-chosen = { $count ->
    [one] { $title }, la versione richiesta:
   *[other] { $title }, le { $count } versioni richieste:
}
product-unknown = Non conosco nessun prodotto «{ $name }».
product-unknown-remedy = Mi dica che cosa cerca, e cercherò nel negozio.
product-gone = { $title } non è più in vendita.
also-found = Ho trovato anche { $titles }.
which-product = Di quale prodotto parla?
which-of-these = Quale intende?
which-product-remedy = Mi dica il nome, oppure lo cerchi prima.
compare-lead = Ecco il confronto:
compare-empty = Non ho potuto confrontare questi prodotti.
show-more = Mostra altro
show-more-message = Mostra altro
label-price = Prezzo
label-stock = Scorte
label-product = Prodotto
label-status = Stato
label-date = Data
label-total = Totale
label-order = Ordine
yes = Sì
no = No

## Questions about products

answer-unknown = Non ho informazioni al riguardo.
facts-instead = Qui non posso ancora giudicarlo; ecco che cosa dice il catalogo:

## Basket

added = { $quantity ->
    [one] Aggiunto al suo carrello: { $quantity } × { $title }, { $price }.
   *[other] Aggiunto al suo carrello: { $quantity } × { $title }, { $price } l'uno.
}
basket-sum = { $count ->
    [one] Il suo carrello contiene ora un articolo, { $total } in tutto.
   *[other] Il suo carrello contiene ora { $count } articoli, { $total } in tutto.
}
basket-lead = { $count ->
    [one] C'è un articolo nel suo carrello:
   *[other] Ci sono { $count } articoli nel suo carrello:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Totale: { $total }
basket-empty = Il suo carrello è vuoto.
line-insufficient = scorte insufficienti
line-unavailable = non più disponibile
notice-price_changed = Un prezzo è cambiato da quando lo ha aggiunto.
notice-quantity_reduced = Una quantità è stata ridotta alle scorte disponibili.
notice-line_unavailable = Qualcosa nel suo carrello non è più disponibile.
choose-option = { $title }, scelga { $axis }: { $values }?
choose-option-plain = Scelga { $axis }: { $values }?
axis-storage = la memoria
axis-color = il colore
axis-size = la taglia
axis-material = il materiale
short-stock = { $available ->
    [one] Resta un solo pezzo di { $title }; non è stato aggiunto nulla. Lo aggiungo?
   *[other] Restano solo { $available } pezzi di { $title }; non è stato aggiunto nulla. Ne aggiungo { $available }?
}
short-stock-unknown = Non ci sono abbastanza pezzi di { $title }; non è stato aggiunto nulla. Provi con una quantità minore.
sold-out-title = { $title }: esaurito; non è stato aggiunto nulla.
quantity-limit = { $limit ->
    [0] Sono più pezzi di { $title } di quanti ne ammetta un ordine; non è stato aggiunto nulla.
   *[other] Al massimo { $limit } pezzi di { $title } per ordine; non è stato aggiunto nulla.
}
quantity-range = Posso aggiungere da { $minimum } a { $maximum } pezzi alla volta; non è stato aggiunto nulla.
the-product = questo prodotto

## Orders

orders-lead = { $count ->
    [one] Il suo ultimo ordine:
   *[other] I suoi ultimi { $count } ordini:
}
orders-empty = Non ha ancora ordini.
order-unknown = Non trovo questo ordine nel suo conto.

## Administration

admin-list-lead = { $count ->
    [one] Un prodotto:
   *[other] { $count } prodotti:
}
admin-list-empty = Nessun prodotto corrisponde.
status-draft = bozza
status-active = attivo
status-archived = archiviato

## Changing the basket

basket-changed = Modificato: { $quantity } × { $title }.
basket-removed = Tolto dal carrello: { $title }.
basket-emptied = Il carrello ora è vuoto.
which-line = Quale del carrello intende?
line-not-found = Non è nel carrello; non è cambiato nulla.
alert-offer = Vuole che La avvisi quando torna?

## Paying and orders

pay-link = Ordine { $number }: paghi { $amount } qui: { $url }
pay-link-plain = Ordine { $number }: paghi qui: { $url }
pay-until = Il link è valido fino al { $until }.
pay-empty = Il carrello è vuoto; non c'è nulla da pagare.
pay-provider = Come vuole pagare?
pay-down = Questo metodo di pagamento ora non risponde; non è stato ordinato nulla. Riprovi tra un minuto.
pay-others = Altri metodi di pagamento: { $values }.
pay-not-payable = L'ordine { $number } non può più essere pagato. Mi chieda dei Suoi ordini per sapere perché.
pay-changed = Qualcosa è cambiato da quando l'ha visto; non è stato ordinato nulla.
order-delivery = previsto { $date }
order-status-pending_payment = in attesa di pagamento
order-status-paid = pagato
order-status-processing = in preparazione
order-status-shipped = in viaggio
order-status-delivered = consegnato
order-status-cancelled = annullato
order-status-expired = scaduto per mancato pagamento
order-status-refunded = rimborsato

## Alerts, messages, a colleague

alert-made = Le scriverò una volta quando { $title } sarà di nuovo disponibile.
alert-in-stock = Buone notizie: { $title } è disponibile. Lo metto nel carrello?
sent = Il messaggio è stato inviato.
sent-later = Il messaggio è in attesa e partirà appena il servizio lo accetta.
sent-suppressed = Non inviato: il destinatario non ha accettato questi messaggi.
handover-queued = Ho chiesto a un collega di subentrare ({ $ticket }). Fino ad allora continuo ad aiutarLa.
handover-minutes = { $minutes ->
    [one] Di solito ci vuole un minuto.
   *[other] Di solito ci vogliono circa { $minutes } minuti.
}
handover-human = Un collega segue questa conversazione e legge il Suo messaggio.
handover-taken = Ora c'è un collega che Le risponde.
handover-returned = L'assistente è di nuovo qui per Lei.
handover-not-allowed = Per gestire conversazioni serve lo scope handover:agent. Acceda con un token che lo abbia.
handover-not-taken = Nessuna persona segue questa conversazione. Invii prima “take”.
handover-other-agent = Qualcun altro segue questa conversazione. Attenda che venga restituita.
handover-empty = Non c'è nulla da dire: invii il frame con un testo.

## Making and changing products

product-created = Creato: { $title }
product-updated = Modificato: { $title }
product-unchanged = È già così, nulla da cambiare: { $title }
product-archived = Archiviato e non più nel negozio: { $title }
delete-one-by-one = Archivio i prodotti solo uno alla volta; non è stato fatto nulla. Mi dica quale.
sku-taken = Un altro prodotto ha già questo SKU; non è stato creato nulla. Scelga un altro SKU o modifichi quel prodotto.
changed-meanwhile = Qualcuno l'ha modificato nel frattempo; non è stato fatto nulla. Lo riguardi e ripeta la richiesta.
import-how = Mi invii un file (CSV, JSON o XLSX) con il messaggio, o incolli le righe sotto. Prima mostro cosa succederebbe.
import-dry = Solo una prova, non è cambiato nulla. { $rows } righe: { $created } nuove, { $updated } modificate, { $skipped } invariate, { $failed } con errori.
import-done = L'importazione è terminata. { $rows } righe: { $created } nuove, { $updated } modificate, { $skipped } invariate, { $failed } con errori.
import-running = L'importazione è in corso; La avviso quando è finita.
import-row = Riga { $row }
import-unreadable = Non riesco a leggere questo file; non è cambiato nulla. Lo salvi come CSV in UTF-8, JSON o XLSX e lo rinvii.
import-too-large = Questo file è troppo grande; non è cambiato nulla. Lo divida e invii le parti.

## What waits for a yes

confirm-pay = { $count ->
    [one] Il totale è { $amount } per un articolo. Ordino e creo il link di pagamento?
   *[other] Il totale è { $amount } per { $count } articoli. Ordino e creo il link di pagamento?
}
confirm-empty-basket = { $count ->
    [one] C'è un articolo nel carrello. Lo svuoto del tutto?
   *[other] Ci sono { $count } articoli nel carrello. Lo svuoto del tutto?
}
confirm-delete = Archiviare “{ $title }”? Sparisce dal negozio; gli ordini restano.
confirm-delete-baskets = { $count ->
    [one] Ora è in un carrello.
   *[other] Ora è in { $count } carrelli.
}
confirm-update = Modificare “{ $title }” così?
confirm-import = Lo importo adesso davvero?
confirm-send = Inviare questo messaggio a { $to }?
confirm-any = Non si può annullare facilmente. Lo faccio?
confirm-how = Risponda “sì” per farlo, “no” per lasciare.
left-undone = Va bene, non l'ho fatto.
confirm-over = Quella domanda non è più aperta e non è stato fatto nulla. Mi dica di nuovo cosa vuole.
nothing-open = Al momento nulla attende un sì o un no. Cosa posso fare per Lei?
one-at-a-time = Finiamo prima questo. Poi mi dica di nuovo: “{ $rest }”
withheld = Una parte della risposta non era verificabile e l'ho omessa. Chieda di nuovo.

## Asking for what is missing

slot-quantity = Quanti ne vuole?
slot-title = Come si chiama il prodotto?
slot-price = Quanto deve costare?
slot-product = Quale prodotto? Mi dica il nome o lo SKU.
slot-new-price = Cosa deve cambiare? Mi dica il nuovo prezzo, la scorta o lo stato.
slot-address = A quale e-mail o numero devo scrivere?
slot-consent = Posso conservare questo indirizzo per quest'unico messaggio?
slot-email = A quale indirizzo e-mail?
slot-phone = A quale numero? Con il prefisso del paese, per favore.
slot-subject = Qual è l'oggetto?
slot-body = Cosa deve dire il messaggio?

## Progress

progress-understanding = Leggo il suo messaggio …
progress-search = Cerco nel negozio …
progress-product = Consulto il prodotto …
progress-basket = Mi occupo del suo carrello …
progress-working = Ci sto lavorando …

## Errors

error-unavailable = { $seconds ->
    [one] La parte del negozio che se ne occupa ({ $service }) si sta riavviando. Riprovi tra un secondo.
   *[other] La parte del negozio che se ne occupa ({ $service }) si sta riavviando. Riprovi tra { $seconds } secondi.
}
error-uncertain = La parte del negozio che se ne occupa ({ $service }) non ha finito, e non so se sia stato fatto. Controlli, per esempio nel carrello, prima di riprovare.
error-too-slow = Ci è voluto troppo tempo ed è stato interrotto. Riprovi tra un momento.
error-busy = Il suo messaggio precedente è ancora in lavorazione. Riprovi tra un momento.
error-cancelled = Interrotto come richiesto. Ciò che era già fatto resta fatto.
error-draining = Questo servizio sta per riavviarsi. Invii di nuovo il messaggio tra { $seconds } secondi.
error-api = Il negozio al momento non risponde; nulla è andato perso. Riprovi tra un minuto.
error-authentication = Per questo devo sapere chi è lei. Acceda e riprovi.
error-wrong-user = Questa connessione appartiene a «{ $user }». Lo invii come userId, oppure acceda con un altro conto.
error-reserved-user = Gli identificativi con un prefisso come whatsapp: sono riservati ai connettori. Ne invii uno senza prefisso.
error-admin-only = Può farlo solo l'amministrazione del negozio. Acceda con un conto da amministratore.
error-rate-limit = { $seconds ->
    [one] Troppo in una volta. Attenda un secondo e lo invii di nuovo.
   *[other] Troppo in una volta. Attenda { $seconds } secondi e lo invii di nuovo.
}
error-invalid-params = Il negozio non ha potuto usare questi dati. Lo dica con altre parole.
error-internal = Qualcosa è andato storto da parte nostra; non è stato fatto altro. Riprovi; se continua, comunichi all'assistenza il numero { $correlation }.
error-too-many-waiting = Troppi messaggi attendono risposta. Ne attenda qualcuna prima di inviarne altri.

## Frames that cannot be read

frame-too-deep = Il frame ha più di { $limit } livelli. Lo renda più piatto.
frame-not-json = Il frame non è JSON valido. Invii un oggetto JSON per frame, in UTF-8.
frame-not-an-object = Il frame non è un oggetto. Invii un oggetto JSON per frame.
frame-duplicate-member = Il frame nomina due volte un campo. Invii ogni campo una volta.
frame-no-type = Il frame non ha né «type» né «message». Invii un oggetto con «type».
frame-unknown-type = Il «type» del frame è sconosciuto. Usi uno di: { $types }.
frame-missing = Manca il campo «{ $field }». { $rule }
frame-wrong = Il campo «{ $field }» non è valido. { $rule }
rule-type = Indica il tipo di frame come testo.
rule-id = È un testo da 1 a 128 caratteri.
rule-userId = È il suo identificativo: da 1 a 100 lettere, cifre o . _ @ + -
rule-message = È un testo da 1 a 4000 caratteri.
rule-clientType = È uno di web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = È un'etichetta di lingua BCP 47 come it o pt-BR.
rule-conversationId = È un testo da 1 a 128 caratteri.
rule-attachments = È un elenco di al massimo 10 oggetti con «uploadId» e «name».
rule-stream = È true o false.
rule-metadata = È un oggetto.
rule-correct = È true o false.
rule-intent = È un testo di al massimo 64 caratteri.
rule-action = È take, say o return.
rule-text = È un testo di al massimo 4000 caratteri.
