### Tous les textes de la conversation en français ; clés et variables comme dans en.ftl.

## Small talk

greeting = Bonjour ! Je cherche dans la boutique, je donne les prix et les stocks et je tiens votre panier. Que cherchez-vous ?
help =
    Voici ce que je peux faire :
    • chercher des produits : « Avez-vous l’iPhone 15 ? »
    • donner les détails, les prix et les stocks : « Combien coûte le deuxième ? »
    • répondre aux questions sur un produit
    • remplir et montrer votre panier : « Ajoute deux noirs », « Qu’y a-t-il dans mon panier ? »
thanks = Je vous en prie ! Autre chose ?
goodbye = Au revoir, et merci de votre visite !
other = Je suis l’assistant de la boutique et n’y ai rien trouvé que je puisse faire. Je peux chercher des produits, donner les prix et les stocks, répondre aux questions sur les produits et tenir votre panier.
unsure = Je ne suis pas sûr de comprendre. Que souhaitez-vous faire ?

## What a suggestion button shows and says

topic-product-search = Chercher un produit
topic-product-search-message = Chercher un produit
topic-product-info = Voir les détails
topic-product-info-message = Montre-moi les détails
topic-product-question = Poser une question
topic-product-question-message = J’ai une question sur un produit
topic-basket-add = Ajouter au panier
topic-basket-add-message = Ajoute-le à mon panier
topic-basket-view = Voir mon panier
topic-basket-view-message = Qu’y a-t-il dans mon panier ?
topic-basket-remove = Retirer du panier
topic-basket-remove-message = Retire-le de mon panier
topic-basket-update = Changer la quantité
topic-basket-update-message = Change la quantité dans mon panier
topic-checkout-pay = Payer
topic-checkout-pay-message = Je voudrais payer
topic-order-status = Mes commandes
topic-order-status-message = Où est ma commande ?
topic-admin-product-create = Créer un produit
topic-admin-product-create-message = Crée un produit
topic-admin-product-import = Importer produits
topic-admin-product-import-message = Importe des produits depuis un fichier
topic-admin-product-list = Liste des produits
topic-admin-product-list-message = Liste tous les produits
topic-admin-product-update = Modifier un produit
topic-admin-product-update-message = Modifie un produit
topic-admin-product-delete = Supprimer produit
topic-admin-product-delete-message = Supprime un produit
topic-notify-send = Envoyer un message
topic-notify-send-message = Envoie un message
topic-greeting = Dire bonjour
topic-greeting-message = Bonjour
topic-help = Aide
topic-help-message = Que sais-tu faire ?
topic-thanks = Merci
topic-thanks-message = Merci
topic-goodbye = Au revoir
topic-goodbye-message = Au revoir
topic-human-handover = Parler à quelqu’un
topic-human-handover-message = Je voudrais parler à une personne

## Not possible here yet

not-yet-basket-remove = Je ne peux pas encore retirer d’articles de votre panier ici ; rien n’a été changé.
not-yet-basket-update = Je ne peux pas encore changer les quantités de votre panier ici ; rien n’a été changé.
not-yet-checkout-pay = Je ne peux pas encore recevoir de paiements ici. Votre panier reste tel quel.
not-yet-order-status = Je ne peux pas encore consulter les commandes ici.
not-yet-admin-product-create = Je ne peux pas encore créer de produits ici ; rien n’a été changé.
not-yet-admin-product-import = Je ne peux pas encore importer de produits ici ; rien n’a été changé.
not-yet-admin-product-list = Je ne peux pas encore lister les produits ici.
not-yet-admin-product-update = Je ne peux pas encore modifier de produits ici ; rien n’a été changé.
not-yet-admin-product-delete = Je ne peux pas encore supprimer de produits ici ; rien n’a été changé.
not-yet-notify-send = Je ne peux pas encore envoyer de messages d’ici ; rien n’a été envoyé.
not-yet-human-handover = Je ne peux pas encore vous passer un collègue ici.
not-yet-other = Je ne peux pas encore faire cela ici ; rien n’a été changé.
what-i-can = Ce que je peux faire : chercher des produits, donner les prix et les stocks, répondre aux questions sur les produits et tenir votre panier.
what-i-can-admin = Ce que je peux faire : lister les produits avec leur état, leurs prix et leur stock, et tout ce que peuvent les clients.

## Products

search-results = { $count ->
    [one] J’ai trouvé un produit pour « { $query } » :
   *[other] J’ai trouvé { $count } produits pour « { $query } » :
}
search-more-results = Suite pour « { $query } » :
search-corrected = J’ai cherché « { $query } ».
search-what = Que cherchez-vous ? Dites-moi un produit, une marque ou un genre d’article.
search-empty = Je n’ai rien trouvé pour « { $query } ».
search-did-you-mean = Vouliez-vous dire { $suggestions } ?
search-empty-remedy = Essayez d’autres mots, ou moins de mots.
recommendations = { $count ->
    [one] Ceci pourrait vous intéresser :
   *[other] Ces { $count } produits pourraient vous intéresser :
}
recommendations-empty = Je n’ai rien à recommander pour cela en ce moment.
price-from = à partir de { $price }
in-stock = en stock
sold-out = épuisé
stock-left = { $available ->
    [0] épuisé
   *[other] { $available } en stock
}
product-simple = { $title } coûte { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } existe en une version :
   *[other] { $title } existe en { $count } versions :
}
product-variants-chosen = { $count ->
    [one] { $title }, la version demandée :
   *[other] { $title }, les { $count } versions demandées :
}
product-unknown = Je ne connais pas de produit « { $name } ».
product-unknown-remedy = Dites-moi ce que vous cherchez, et je chercherai dans la boutique.
product-gone = { $title } n’est plus vendu.
also-found = J’ai aussi trouvé { $titles }.
which-product = De quel produit parlez-vous ?
which-of-these = Lequel voulez-vous dire ?
which-product-remedy = Dites-moi son nom, ou cherchez-le d’abord.
compare-lead = Voici la comparaison :
compare-empty = Je n’ai pas pu comparer ces produits.
show-more = Voir plus
show-more-message = Voir plus
label-price = Prix
label-stock = Stock
label-product = Produit
label-status = État
label-date = Date
label-total = Total
label-order = Commande
yes = Oui
no = Non

## Questions about products

answer-unknown = Je n’ai pas d’information à ce sujet.
facts-instead = Je ne peux pas encore en juger ici ; voici ce que dit le catalogue :

## Basket

added = { $quantity ->
    [one] Ajouté à votre panier : { $quantity } × { $title }, { $price }.
   *[other] Ajouté à votre panier : { $quantity } × { $title }, { $price } pièce.
}
basket-sum = { $count ->
    [one] Votre panier contient maintenant un article, { $total } au total.
   *[other] Votre panier contient maintenant { $count } articles, { $total } au total.
}
basket-lead = { $count ->
    [one] Il y a un article dans votre panier :
   *[other] Il y a { $count } articles dans votre panier :
}
basket-line = { $quantity } × { $title } : { $total }
basket-total = Total : { $total }
basket-empty = Votre panier est vide.
line-insufficient = stock insuffisant
line-unavailable = plus disponible
notice-price_changed = Un prix a changé depuis que vous l’avez ajouté.
notice-quantity_reduced = Une quantité a été réduite au stock disponible.
notice-line_unavailable = Un article de votre panier n’est plus disponible.
choose-option = { $title }, choisissez { $axis } : { $values } ?
choose-option-plain = Choisissez { $axis } : { $values } ?
axis-storage = la capacité
axis-color = la couleur
axis-size = la taille
axis-material = la matière
short-stock = { $available ->
    [one] Il ne reste qu’un exemplaire de { $title } ; rien n’a été ajouté. Dois-je l’ajouter ?
   *[other] Il ne reste que { $available } exemplaires de { $title } ; rien n’a été ajouté. Dois-je en ajouter { $available } ?
}
short-stock-unknown = Il n’y a pas assez de { $title } en stock ; rien n’a été ajouté. Essayez une quantité plus petite.
sold-out-title = { $title } : épuisé ; rien n’a été ajouté.
quantity-limit = { $limit ->
    [0] C’est plus de { $title } qu’une commande ne peut en contenir ; rien n’a été ajouté.
   *[other] Au plus { $limit } exemplaires de { $title } par commande ; rien n’a été ajouté.
}
quantity-range = Je peux ajouter de { $minimum } à { $maximum } pièces à la fois ; rien n’a été ajouté.
the-product = ce produit

## Orders

orders-lead = { $count ->
    [one] Votre dernière commande :
   *[other] Vos { $count } dernières commandes :
}
orders-empty = Vous n’avez pas encore de commande.
order-unknown = Je ne trouve pas cette commande sur votre compte.

## Administration

admin-list-lead = { $count ->
    [one] Un produit :
   *[other] { $count } produits :
}
admin-list-empty = Aucun produit ne correspond.
status-draft = brouillon
status-active = actif
status-archived = archivé

## Changing the basket

basket-changed = Modifié : { $quantity } × { $title }.
basket-removed = Retiré de votre panier : { $title }.
basket-emptied = Votre panier est maintenant vide.
which-line = Lequel de votre panier voulez-vous dire ?
line-not-found = Cela n'est pas dans votre panier ; rien n'a été modifié.
alert-offer = Voulez-vous que je vous prévienne à son retour ?

## Paying and orders

pay-link = Commande { $number } : payez { $amount } ici : { $url }
pay-link-plain = Commande { $number } : payez ici : { $url }
pay-until = Le lien est valable jusqu'au { $until }.
pay-empty = Votre panier est vide ; il n'y a rien à payer.
pay-provider = Comment voulez-vous payer ?
pay-down = Ce moyen de paiement ne répond pas pour l'instant ; rien n'a été commandé. Réessayez dans une minute.
pay-others = Autres moyens de paiement : { $values }.
pay-not-payable = La commande { $number } ne peut plus être payée. Demandez-moi vos commandes pour savoir pourquoi.
pay-changed = Quelque chose a changé depuis que vous l'avez vu ; rien n'a été commandé.
order-delivery = livraison prévue { $date }
order-status-pending_payment = en attente de paiement
order-status-paid = payée
order-status-processing = en préparation
order-status-shipped = en route
order-status-delivered = livrée
order-status-cancelled = annulée
order-status-expired = expirée, faute de paiement à temps
order-status-refunded = remboursée

## Alerts, messages, a colleague

alert-made = Je vous écrirai une fois quand { $title } sera de nouveau disponible.
alert-in-stock = Bonne nouvelle : { $title } est en stock. Je l'ajoute à votre panier ?
sent = Votre message a été envoyé.
sent-later = Votre message est en attente et partira dès que le service l'acceptera.
sent-suppressed = Non envoyé : le destinataire n'a pas accepté ces messages.
handover-queued = J'ai demandé à un collègue de prendre le relais ({ $ticket }). En attendant, je continue à vous aider.
handover-minutes = { $minutes ->
    [one] Cela prend en général une minute.
   *[other] Cela prend en général environ { $minutes } minutes.
}
handover-human = Un collègue suit cette conversation et lit votre message.
handover-taken = Un collègue est là et vous répond.
handover-returned = L'assistant est de nouveau à votre service.
handover-not-allowed = Reprendre des conversations demande la portée handover:agent. Connectez-vous avec un jeton qui l'a.
handover-not-taken = Aucun humain ne suit cette conversation. Envoyez d'abord « take ».
handover-other-agent = Quelqu'un d'autre suit cette conversation. Attendez qu'elle soit rendue.
handover-empty = Il n'y a rien à dire : envoyez la trame avec un texte.

## Making and changing products

product-created = Créé : { $title }
product-updated = Modifié : { $title }
product-unchanged = C'est déjà le cas, rien à modifier : { $title }
product-archived = Archivé, n'est plus dans la boutique : { $title }
delete-one-by-one = J'archive les produits un par un seulement ; rien n'a été fait. Dites-moi lequel.
sku-taken = Un autre produit a déjà ce SKU ; rien n'a été créé. Choisissez un autre SKU ou modifiez ce produit.
changed-meanwhile = Quelqu'un l'a modifié entre-temps ; rien n'a été fait. Regardez à nouveau, puis répétez votre demande.
import-how = Envoyez-moi un fichier (CSV, JSON ou XLSX) avec votre message, ou collez les lignes dessous. Je montre d'abord ce qui se passerait.
import-dry = Seulement un essai, rien n'a été modifié. { $rows } lignes : { $created } nouvelles, { $updated } modifiées, { $skipped } inchangées, { $failed } en erreur.
import-done = L'import est terminé. { $rows } lignes : { $created } nouvelles, { $updated } modifiées, { $skipped } inchangées, { $failed } en erreur.
import-running = L'import est en cours ; je vous préviens à la fin.
import-row = Ligne { $row }
import-unreadable = Je ne peux pas lire ce fichier ; rien n'a été modifié. Enregistrez-le en CSV UTF-8, JSON ou XLSX et renvoyez-le.
import-too-large = Ce fichier est trop gros ; rien n'a été modifié. Divisez-le et envoyez les parties.

## What waits for a yes

confirm-pay = { $count ->
    [one] Le total est de { $amount } pour un article. Dois-je commander et créer le lien de paiement ?
   *[other] Le total est de { $amount } pour { $count } articles. Dois-je commander et créer le lien de paiement ?
}
confirm-empty-basket = { $count ->
    [one] Il y a un article dans votre panier. Le vider entièrement ?
   *[other] Il y a { $count } articles dans votre panier. Le vider entièrement ?
}
confirm-delete = Archiver « { $title } » ? Il disparaît de la boutique ; les commandes restent.
confirm-delete-baskets = { $count ->
    [one] Il est dans un panier en ce moment.
   *[other] Il est dans { $count } paniers en ce moment.
}
confirm-update = Modifier « { $title } » ainsi ?
confirm-import = Dois-je l'importer pour de bon ?
confirm-send = Envoyer ce message à { $to } ?
confirm-any = Cela ne s'annule pas facilement. Dois-je le faire ?
confirm-how = Répondez « oui » pour le faire, « non » pour laisser.
left-undone = Très bien, je ne l'ai pas fait.
confirm-over = Cette question n'est plus ouverte et rien n'a été fait. Redites-moi ce que vous voulez.
nothing-open = Rien n'attend un oui ou un non pour l'instant. Que puis-je faire pour vous ?
one-at-a-time = Finissons d'abord ceci. Ensuite, redites-moi : « { $rest } »
withheld = Une partie de ma réponse n'a pas pu être vérifiée, je l'ai omise. Demandez à nouveau.

## Asking for what is missing

slot-quantity = Combien en voulez-vous ?
slot-title = Comment s'appelle le produit ?
slot-price = Quel doit être son prix ?
slot-product = Quel produit ? Dites-moi son nom ou son SKU.
slot-new-price = Que faut-il modifier ? Dites-moi le nouveau prix, stock ou statut.
slot-address = À quelle adresse e-mail ou quel numéro dois-je écrire ?
slot-consent = Puis-je conserver cette adresse pour ce seul message ?
slot-email = À quelle adresse e-mail ?
slot-phone = À quel numéro ? Avec l'indicatif du pays, s'il vous plaît.
slot-subject = Quel est l'objet ?
slot-body = Que doit dire le message ?

## Progress

progress-understanding = Je lis votre message …
progress-search = Je cherche dans la boutique …
progress-product = Je consulte le produit …
progress-basket = Je m’occupe de votre panier …
progress-working = J’y travaille …

## Errors

error-unavailable = { $seconds ->
    [one] La partie de la boutique qui fait cela ({ $service }) redémarre. Veuillez réessayer dans { $seconds } seconde.
   *[other] La partie de la boutique qui fait cela ({ $service }) redémarre. Veuillez réessayer dans { $seconds } secondes.
}
error-uncertain = La partie de la boutique qui fait cela ({ $service }) n’a pas fini, et je ne sais pas si c’est fait. Vérifiez, par exemple dans votre panier, avant de réessayer.
error-too-slow = Cela a pris trop de temps et a été arrêté. Veuillez réessayer dans un instant.
error-busy = Votre message précédent est encore en cours. Veuillez réessayer dans un instant.
error-cancelled = Arrêté à votre demande. Ce qui était déjà fait reste fait.
error-draining = Ce service va redémarrer. Veuillez renvoyer votre message dans { $seconds } secondes.
error-api = La boutique ne répond pas en ce moment ; rien n’est perdu. Veuillez réessayer dans une minute.
error-authentication = Pour cela, je dois savoir qui vous êtes. Veuillez vous connecter et réessayer.
error-wrong-user = Cette connexion appartient à « { $user } ». Envoyez cela comme userId, ou connectez-vous autrement.
error-reserved-user = Les identifiants avec un préfixe comme whatsapp: sont réservés aux connecteurs. Envoyez-en un sans préfixe.
error-admin-only = Seule l’administration de la boutique peut faire cela. Connectez-vous avec un compte d’administrateur.
error-rate-limit = { $seconds ->
    [one] Cela fait beaucoup à la fois. Attendez { $seconds } seconde, puis renvoyez-le.
   *[other] Cela fait beaucoup à la fois. Attendez { $seconds } secondes, puis renvoyez-le.
}
error-invalid-params = La boutique n’a pas pu utiliser ces indications. Veuillez le dire autrement.
error-internal = Quelque chose s’est mal passé de notre côté ; rien d’autre n’a été fait. Veuillez réessayer ; si cela persiste, donnez au support le numéro { $correlation }.
error-too-many-waiting = Trop de messages attendent leur réponse. Attendez-en quelques-unes avant d’en envoyer d’autres.

## Frames that cannot be read

frame-too-deep = La trame a plus de { $limit } niveaux. Aplatissez-la.
frame-not-json = La trame n’est pas du JSON valide. Envoyez un objet JSON par trame, en UTF-8.
frame-not-an-object = La trame n’est pas un objet. Envoyez un objet JSON par trame.
frame-duplicate-member = La trame nomme deux fois un champ. Envoyez chaque champ une fois.
frame-no-type = La trame n’a ni « type » ni « message ». Envoyez un objet avec « type ».
frame-unknown-type = Le « type » de la trame est inconnu. Utilisez l’un de : { $types }.
frame-missing = Le champ « { $field } » manque. { $rule }
frame-wrong = Le champ « { $field } » n’est pas valide. { $rule }
rule-type = Il nomme le genre de trame, en texte.
rule-id = C’est un texte de 1 à 128 caractères.
rule-userId = C’est votre identifiant : 1 à 100 lettres, chiffres ou . _ @ + -
rule-message = C’est un texte de 1 à 4000 caractères.
rule-clientType = C’est l’un de web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = C’est une étiquette de langue BCP 47 comme fr ou pt-BR.
rule-conversationId = C’est un texte de 1 à 128 caractères.
rule-attachments = C’est une liste d’au plus 10 objets avec « uploadId » et « name ».
rule-stream = C’est true ou false.
rule-metadata = C’est un objet.
rule-correct = C’est true ou false.
rule-intent = C’est un texte d’au plus 64 caractères.
rule-action = C’est take, say ou return.
rule-text = C’est un texte d’au plus 4000 caractères.
