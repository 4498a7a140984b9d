### Every text of the conversation. Keys and variables are the same in all languages; a test compares them.

## Small talk

greeting = Hello! I can search the shop, tell you prices and stock, and keep your basket. What are you looking for?
help =
    I can do this for you:
    • search products: “Do you have the iPhone 15?”
    • tell details, prices and stock: “How much is the second one?”
    • answer questions about a product
    • fill and show your basket: “Add two of the black one”, “What is in my basket?”
thanks = You are welcome! Is there anything else?
goodbye = Goodbye, and thank you for your visit!
other = I am the shop's assistant and did not find anything in that which I can do. I can search products, tell prices and stock, answer questions about products and keep your basket.
unsure = I am not sure what you mean. What would you like to do?

## What a suggestion button shows and says

topic-product-search = Search products
topic-product-search-message = Search products
topic-product-info = Product details
topic-product-info-message = Show me the details
topic-product-question = Ask about a product
topic-product-question-message = I have a question about a product
topic-basket-add = Add to basket
topic-basket-add-message = Add it to my basket
topic-basket-view = Show my basket
topic-basket-view-message = What is in my basket?
topic-basket-remove = Remove from basket
topic-basket-remove-message = Remove it from my basket
topic-basket-update = Change quantity
topic-basket-update-message = Change the quantity in my basket
topic-checkout-pay = Pay
topic-checkout-pay-message = I would like to pay
topic-order-status = My orders
topic-order-status-message = Where is my order?
topic-admin-product-create = Create a product
topic-admin-product-create-message = Create a product
topic-admin-product-import = Import products
topic-admin-product-import-message = Import products from a file
topic-admin-product-list = List products
topic-admin-product-list-message = List all products
topic-admin-product-update = Change a product
topic-admin-product-update-message = Change a product
topic-admin-product-delete = Delete a product
topic-admin-product-delete-message = Delete a product
topic-notify-send = Send a message
topic-notify-send-message = Send a message
topic-greeting = Say hello
topic-greeting-message = Hello
topic-help = Help
topic-help-message = What can you do?
topic-thanks = Thank you
topic-thanks-message = Thank you
topic-goodbye = Goodbye
topic-goodbye-message = Goodbye
topic-human-handover = Talk to a person
topic-human-handover-message = I want to talk to a person

## Not possible here yet

not-yet-basket-remove = I cannot take things out of your basket here yet; nothing was changed.
not-yet-basket-update = I cannot change quantities in your basket here yet; nothing was changed.
not-yet-checkout-pay = I cannot take payments here yet. Your basket stays as it is.
not-yet-order-status = I cannot look up orders here yet.
not-yet-admin-product-create = I cannot create products here yet; nothing was changed.
not-yet-admin-product-import = I cannot import products here yet; nothing was changed.
not-yet-admin-product-list = I cannot list products here yet.
not-yet-admin-product-update = I cannot change products here yet; nothing was changed.
not-yet-admin-product-delete = I cannot delete products here yet; nothing was changed.
not-yet-notify-send = I cannot send messages from here yet; nothing was sent.
not-yet-human-handover = I cannot pass you on to a colleague here yet.
not-yet-other = I cannot do that here yet; nothing was changed.
what-i-can = What I can do: search products, tell prices and stock, answer questions about products and keep your basket.
what-i-can-admin = What I can do: list products with their status, prices and stock, and everything that customers can.

## Products

search-results = { $count ->
    [one] I found one product for “{ $query }”:
   *[other] I found { $count } products for “{ $query }”:
}
search-more-results = More for “{ $query }”:
search-corrected = I searched for “{ $query }”.
search-what = What are you looking for? Tell me a product, a brand or a kind of thing.
search-empty = I found nothing for “{ $query }”.
search-did-you-mean = Did you mean { $suggestions }?
search-empty-remedy = Try other words, or fewer of them.
recommendations = { $count ->
    [one] This may interest you:
   *[other] These { $count } may interest you:
}
recommendations-empty = I have nothing to recommend for that right now.
price-from = from { $price }
in-stock = in stock
sold-out = sold out
stock-left = { $available ->
    [0] sold out
   *[other] { $available } in stock
}
product-simple = { $title } costs { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } comes in one version:
   *[other] { $title } comes in { $count } versions:
}
product-variants-chosen = { $count ->
    [one] { $title }, the version you asked for:
   *[other] { $title }, the { $count } versions you asked for:
}
product-unknown = I do not know a product “{ $name }”.
product-unknown-remedy = Tell me what you are looking for, and I will search the shop.
product-gone = { $title } is no longer sold.
also-found = I also found { $titles }.
which-product = Which product do you mean?
which-of-these = Which one do you mean?
which-product-remedy = Tell me its name, or search for it first.
compare-lead = Here is the comparison:
compare-empty = I could not compare these products.
show-more = Show more
show-more-message = Show more
label-price = Price
label-stock = Stock
label-product = Product
label-status = Status
label-date = Date
label-total = Total
label-order = Order
yes = Yes
no = No

## Questions about products

answer-unknown = I have no information on that.
facts-instead = I cannot judge that here yet; this is what the catalogue says:

## Basket

added = { $quantity ->
    [one] Added to your basket: { $quantity } × { $title }, { $price }.
   *[other] Added to your basket: { $quantity } × { $title }, { $price } each.
}
basket-sum = { $count ->
    [one] Your basket now holds one item, { $total } in total.
   *[other] Your basket now holds { $count } items, { $total } in total.
}
basket-lead = { $count ->
    [one] There is one item in your basket:
   *[other] There are { $count } items in your basket:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Total: { $total }
basket-empty = Your basket is empty.
line-insufficient = not enough in stock
line-unavailable = no longer available
notice-price_changed = A price has changed since you added it.
notice-quantity_reduced = A quantity was reduced to what is in stock.
notice-line_unavailable = Something in your basket is no longer available.
choose-option = Which { $axis } of { $title } would you like: { $values }?
choose-option-plain = Which { $axis } would you like: { $values }?
axis-storage = storage
axis-color = colour
axis-size = size
axis-material = material
short-stock = { $available ->
    [one] Only one of { $title } is left; nothing was added. Shall I add it?
   *[other] Only { $available } of { $title } are left; nothing was added. Shall I add { $available } instead?
}
short-stock-unknown = There are not enough of { $title } in stock; nothing was added. Try a smaller quantity.
sold-out-title = { $title } is sold out; nothing was added.
quantity-limit = { $limit ->
    [0] That is more of { $title } than one order may hold; nothing was added.
   *[other] At most { $limit } of { $title } per order; nothing was added.
}
quantity-range = I can add between { $minimum } and { $maximum } pieces at a time; nothing was added.
the-product = this product

## Orders

orders-lead = { $count ->
    [one] Your latest order:
   *[other] Your { $count } latest orders:
}
orders-empty = You have no orders yet.
order-unknown = I find no such order on your account.

## Administration

admin-list-lead = { $count ->
    [one] One product:
   *[other] { $count } products:
}
admin-list-empty = No products match.
status-draft = draft
status-active = active
status-archived = archived

## Changing the basket

basket-changed = Changed: { $quantity } × { $title }.
basket-removed = Taken out of your basket: { $title }.
basket-emptied = Your basket is empty now.
which-line = Which one in your basket do you mean?
line-not-found = That is not in your basket; nothing was changed.
alert-offer = Shall I write to you when it is back?

## Paying and orders

pay-link = Order { $number }: pay { $amount } here: { $url }
pay-link-plain = Order { $number }: pay here: { $url }
pay-until = The link works until { $until }.
pay-empty = Your basket is empty; there is nothing to pay.
pay-provider = How would you like to pay?
pay-down = That way to pay does not answer right now; nothing was ordered. Please try again in a minute.
pay-others = Other ways to pay: { $values }.
pay-not-payable = Order { $number } cannot be paid any more. Ask me for your orders to see why.
pay-changed = Something has changed since you saw it; nothing was ordered.
order-delivery = expected { $date }
order-status-pending_payment = waiting for payment
order-status-paid = paid
order-status-processing = being packed
order-status-shipped = on its way
order-status-delivered = delivered
order-status-cancelled = cancelled
order-status-expired = expired, since it was not paid in time
order-status-refunded = refunded

## Alerts, messages, a colleague

alert-made = I will write to you once when { $title } is available again.
alert-in-stock = Good news: { $title } is in stock. Shall I put it into your basket?
sent = Your message has been sent.
sent-later = Your message is waiting and goes out as soon as the service takes it.
sent-suppressed = It was not sent: the recipient has not agreed to such messages.
handover-queued = I have asked a colleague to take over ({ $ticket }). Until somebody is here, I go on helping you.
handover-minutes = { $minutes ->
    [one] That usually takes a minute.
   *[other] That usually takes about { $minutes } minutes.
}
handover-human = A colleague has this conversation and reads your message.
handover-taken = A colleague is here now and answers you.
handover-returned = The assistant is here for you again.
handover-not-allowed = Handing conversations over takes the scope handover:agent. Sign in with a token that has it.
handover-not-taken = No human has this conversation. Send “take” first.
handover-other-agent = Somebody else has this conversation. Wait until it is given back.
handover-empty = There is nothing to say: send the frame with a text.

## Making and changing products

product-created = Created: { $title }
product-updated = Changed: { $title }
product-unchanged = Already so, nothing to change: { $title }
product-archived = Archived, and no longer in the shop: { $title }
delete-one-by-one = I archive products one by one only; nothing was done. Tell me which one.
sku-taken = Another product has this SKU already; nothing was created. Choose another SKU, or change that product.
changed-meanwhile = Somebody else changed it in the meantime; nothing was done. Look at it again, then repeat what you want.
import-how = Send me a file (CSV, JSON or XLSX) with your message, or paste the lines below it. I show first what would happen.
import-dry = Only a trial, nothing was changed. { $rows } rows: { $created } new, { $updated } changed, { $skipped } left as they are, { $failed } faulty.
import-done = The import is done. { $rows } rows: { $created } new, { $updated } changed, { $skipped } left as they are, { $failed } faulty.
import-running = The import is running; I tell you when it is done.
import-row = Row { $row }
import-unreadable = I cannot read this file; nothing was changed. Save it as CSV in UTF-8, JSON or XLSX and send it again.
import-too-large = This file is too large; nothing was changed. Split it and send the parts.

## What waits for a yes

confirm-pay = { $count ->
    [one] Your total is { $amount } for one item. Shall I order it and make the payment link?
   *[other] Your total is { $amount } for { $count } items. Shall I order them and make the payment link?
}
confirm-empty-basket = { $count ->
    [one] There is one item in your basket. Empty it completely?
   *[other] There are { $count } items in your basket. Empty it completely?
}
confirm-delete = Archive “{ $title }”? It disappears from the shop; orders stay.
confirm-delete-baskets = { $count ->
    [one] It is in one basket right now.
   *[other] It is in { $count } baskets right now.
}
confirm-update = Change “{ $title }” like this?
confirm-import = Shall I import it for real now?
confirm-send = Send this message to { $to }?
confirm-any = This cannot simply be undone. Shall I do it?
confirm-how = Answer “yes” to do it, “no” to leave it.
left-undone = All right, I have left that undone.
confirm-over = That question is over, and nothing was done. Please tell me again what you want.
nothing-open = Nothing is waiting for a yes or no right now. What can I do for you?
one-at-a-time = Let us finish this first. Then tell me again: “{ $rest }”
withheld = Part of my answer could not be verified, so I have left it out. Please ask again.

## Asking for what is missing

slot-quantity = How many would you like?
slot-title = What is the product called?
slot-price = What should it cost?
slot-product = Which product? Tell me its name or SKU.
slot-new-price = What should change? Tell me the new price, stock or status.
slot-address = To which e-mail address or phone number shall I write?
slot-consent = May I store this address for this one message?
slot-email = To which e-mail address?
slot-phone = To which phone number? With the country's prefix, please.
slot-subject = What is the subject?
slot-body = What shall the message say?

## Progress

progress-understanding = I am reading your message …
progress-search = I am searching the shop …
progress-product = I am looking the product up …
progress-basket = I am looking after your basket …
progress-working = I am working on it …

## Errors

error-unavailable = { $seconds ->
    [one] The part of the shop that does this ({ $service }) is restarting. Please try again in a second.
   *[other] The part of the shop that does this ({ $service }) is restarting. Please try again in { $seconds } seconds.
}
error-uncertain = The part of the shop that does this ({ $service }) did not finish, and I do not know whether it was done. Please check, for example by asking for your basket, before you try again.
error-too-slow = This took too long and was stopped. Please try again in a moment.
error-busy = Your previous message is still being worked on. Please try again in a moment.
error-cancelled = Stopped as you asked. What was already done stays done.
error-draining = This service is about to restart. Please send your message again in { $seconds } seconds.
error-api = The shop does not answer right now; nothing was lost. Please try again in a minute.
error-authentication = I need to know who you are for that. Please sign in and try again.
error-wrong-user = This connection belongs to “{ $user }”. Send that as userId, or sign in as somebody else.
error-reserved-user = User ids with a prefix such as whatsapp: are set by connectors. Please send one without it.
error-admin-only = That can only be done by the shop's administration. Sign in with an administrator's account.
error-rate-limit = { $seconds ->
    [one] That was a lot at once. Please wait a second, then send it again.
   *[other] That was a lot at once. Please wait { $seconds } seconds, then send it again.
}
error-invalid-params = The shop could not use these details. Please say it in other words.
error-internal = Something went wrong on our side; nothing more was done. Please try again; if it stays, tell support the number { $correlation }.
error-too-many-waiting = Too many messages wait for their answers. Please wait for some of them before you send more.

## Frames that cannot be read

frame-too-deep = The frame nests deeper than { $limit } levels. Flatten it.
frame-not-json = The frame is not valid JSON. Send one JSON object per frame, in UTF-8.
frame-not-an-object = The frame is not an object. Send one JSON object per frame.
frame-duplicate-member = The frame names a member twice. Send each member once.
frame-no-type = The frame has neither “type” nor “message”. Send an object with “type”.
frame-unknown-type = The frame's “type” is none that is known. Use one of: { $types }.
frame-missing = The member “{ $field }” is missing. { $rule }
frame-wrong = The member “{ $field }” is not valid. { $rule }
rule-type = It names the kind of frame as a string.
rule-id = It is a string of 1 to 128 characters.
rule-userId = It is your user id: 1 to 100 letters, digits or . _ @ + -
rule-message = It is a text of 1 to 4000 characters.
rule-clientType = It is one of web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = It is a BCP 47 language tag such as en or pt-BR.
rule-conversationId = It is a string of 1 to 128 characters.
rule-attachments = It is a list of at most 10 objects with “uploadId” and “name”.
rule-stream = It is true or false.
rule-metadata = It is an object.
rule-correct = It is true or false.
rule-intent = It is a string of at most 64 characters.
rule-action = It is take, say or return.
rule-text = It is a string of at most 4000 characters.
