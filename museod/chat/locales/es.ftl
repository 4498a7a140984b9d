### Todos los textos de la conversación en español; claves y variables como en en.ftl.

## Small talk

greeting = ¡Hola! Busco en la tienda, le digo precios y existencias y llevo su cesta. ¿Qué está buscando?
help =
    Esto es lo que puedo hacer:
    • buscar productos: «¿Tienen el iPhone 15?»
    • dar detalles, precios y existencias: «¿Cuánto cuesta el segundo?»
    • responder preguntas sobre un producto
    • llenar y mostrar su cesta: «Añade dos de los negros», «¿Qué hay en mi cesta?»
thanks = ¡De nada! ¿Algo más?
goodbye = ¡Hasta pronto y gracias por su visita!
other = Soy el asistente de la tienda y no he encontrado ahí nada que pueda hacer. Puedo buscar productos, decir precios y existencias, responder preguntas sobre productos y llevar su cesta.
unsure = No estoy seguro de lo que quiere decir. ¿Qué desea hacer?

## What a suggestion button shows and says

topic-product-search = Buscar productos
topic-product-search-message = Buscar productos
topic-product-info = Ver detalles
topic-product-info-message = Muéstrame los detalles
topic-product-question = Preguntar
topic-product-question-message = Tengo una pregunta sobre un producto
topic-basket-add = Añadir a la cesta
topic-basket-add-message = Añádelo a mi cesta
topic-basket-view = Ver mi cesta
topic-basket-view-message = ¿Qué hay en mi cesta?
topic-basket-remove = Quitar de la cesta
topic-basket-remove-message = Quítalo de mi cesta
topic-basket-update = Cambiar cantidad
topic-basket-update-message = Cambia la cantidad en mi cesta
topic-checkout-pay = Pagar
topic-checkout-pay-message = Quiero pagar
topic-order-status = Mis pedidos
topic-order-status-message = ¿Dónde está mi pedido?
topic-admin-product-create = Crear producto
topic-admin-product-create-message = Crea un producto
topic-admin-product-import = Importar productos
topic-admin-product-import-message = Importa productos de un archivo
topic-admin-product-list = Listar productos
topic-admin-product-list-message = Lista todos los productos
topic-admin-product-update = Cambiar producto
topic-admin-product-update-message = Cambia un producto
topic-admin-product-delete = Eliminar producto
topic-admin-product-delete-message = Elimina un producto
topic-notify-send = Enviar mensaje
topic-notify-send-message = Envía un mensaje
topic-greeting = Saludar
topic-greeting-message = Hola
topic-help = Ayuda
topic-help-message = ¿Qué puedes hacer?
topic-thanks = Gracias
topic-thanks-message = Gracias
topic-goodbye = Adiós
topic-goodbye-message = Adiós
topic-human-handover = Hablar con alguien
topic-human-handover-message = Quiero hablar con una persona

## Not possible here yet

not-yet-basket-remove = Aquí todavía no puedo quitar cosas de su cesta; no se ha cambiado nada.
not-yet-basket-update = Aquí todavía no puedo cambiar cantidades de su cesta; no se ha cambiado nada.
not-yet-checkout-pay = Aquí todavía no puedo aceptar pagos. Su cesta queda como está.
not-yet-order-status = Aquí todavía no puedo consultar pedidos.
not-yet-admin-product-create = Aquí todavía no puedo crear productos; no se ha cambiado nada.
not-yet-admin-product-import = Aquí todavía no puedo importar productos; no se ha cambiado nada.
not-yet-admin-product-list = Aquí todavía no puedo listar productos.
not-yet-admin-product-update = Aquí todavía no puedo cambiar productos; no se ha cambiado nada.
not-yet-admin-product-delete = Aquí todavía no puedo eliminar productos; no se ha cambiado nada.
not-yet-notify-send = Desde aquí todavía no puedo enviar mensajes; no se ha enviado nada.
not-yet-human-handover = Aquí todavía no puedo pasarle con un compañero.
not-yet-other = Eso todavía no puedo hacerlo aquí; no se ha cambiado nada.
what-i-can = Lo que puedo hacer: buscar productos, decir precios y existencias, responder preguntas sobre productos y llevar su cesta.
what-i-can-admin = Lo que puedo hacer: listar productos con su estado, precios y existencias, y todo lo que pueden los clientes.

## Products

search-results = { $count ->
    [one] He encontrado un producto para «{ $query }»:
   *[other] He encontrado { $count } productos para «{ $query }»:
}
search-more-results = Más resultados para «{ $query }»:
search-corrected = He buscado «{ $query }».
search-what = ¿Qué está buscando? Dígame un producto, una marca o un tipo de artículo.
search-empty = No he encontrado nada para «{ $query }».
search-did-you-mean = ¿Quería decir { $suggestions }?
search-empty-remedy = Pruebe con otras palabras, o con menos.
recommendations = { $count ->
    [one] Esto podría interesarle:
   *[other] Estos { $count } podrían interesarle:
}
recommendations-empty = Ahora mismo no tengo nada que recomendar para eso.
price-from = desde { $price }
in-stock = disponible
sold-out = agotado
stock-left = { $available ->
    [0] agotado
    [one] { $available } disponible
   *[other] { $available } disponibles
}
product-simple = { $title } cuesta { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } existe en una versión:
   *[other] { $title } existe en { $count } versiones:
}
product-variants-chosen = { $count ->
    [one] { $title }, la versión que pidió:
   *[other] { $title }, las { $count } versiones que pidió:
}
product-unknown = No conozco ningún producto «{ $name }».
product-unknown-remedy = Dígame qué busca y lo buscaré en la tienda.
product-gone = { $title } ya no se vende.
also-found = También he encontrado { $titles }.
which-product = ¿A qué producto se refiere?
which-of-these = ¿A cuál se refiere?
which-product-remedy = Dígame su nombre, o búsquelo primero.
compare-lead = Esta es la comparación:
compare-empty = No he podido comparar esos productos.
show-more = Ver más
show-more-message = Ver más
label-price = Precio
label-stock = Existencias
label-product = Producto
label-status = Estado
label-date = Fecha
label-total = Total
label-order = Pedido
yes = Sí
no = No

## Questions about products

answer-unknown = No tengo información sobre eso.
facts-instead = Aquí todavía no puedo valorarlo; esto dice el catálogo:

## Basket

added = { $quantity ->
    [one] Añadido a su cesta: { $quantity } × { $title }, { $price }.
   *[other] Añadido a su cesta: { $quantity } × { $title }, { $price } por unidad.
}
basket-sum = { $count ->
    [one] Su cesta tiene ahora un artículo, { $total } en total.
   *[other] Su cesta tiene ahora { $count } artículos, { $total } en total.
}
basket-lead = { $count ->
    [one] Hay un artículo en su cesta:
   *[other] Hay { $count } artículos en su cesta:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Total: { $total }
basket-empty = Su cesta está vacía.
line-insufficient = existencias insuficientes
line-unavailable = ya no está disponible
notice-price_changed = Un precio ha cambiado desde que lo añadió.
notice-quantity_reduced = Una cantidad se ha reducido a las existencias.
notice-line_unavailable = Algo de su cesta ya no está disponible.
choose-option = { $title }, elija { $axis }: ¿{ $values }?
choose-option-plain = Elija { $axis }: ¿{ $values }?
axis-storage = la capacidad
axis-color = el color
axis-size = la talla
axis-material = el material
short-stock = { $available ->
    [one] Solo queda uno de { $title }; no se ha añadido nada. ¿Lo añado?
   *[other] Solo quedan { $available } de { $title }; no se ha añadido nada. ¿Añado { $available } en su lugar?
}
short-stock-unknown = No hay suficientes existencias de { $title }; no se ha añadido nada. Pruebe con una cantidad menor.
sold-out-title = { $title }: agotado; no se ha añadido nada.
quantity-limit = { $limit ->
    [0] Es más de { $title } de lo que admite un pedido; no se ha añadido nada.
   *[other] Como máximo { $limit } de { $title } por pedido; no se ha añadido nada.
}
quantity-range = Puedo añadir entre { $minimum } y { $maximum } unidades a la vez; no se ha añadido nada.
the-product = este producto

## Orders

orders-lead = { $count ->
    [one] Su último pedido:
   *[other] Sus últimos { $count } pedidos:
}
orders-empty = Todavía no tiene pedidos.
order-unknown = No encuentro ese pedido en su cuenta.

## Administration

admin-list-lead = { $count ->
    [one] Un producto:
   *[other] { $count } productos:
}
admin-list-empty = Ningún producto coincide.
status-draft = borrador
status-active = activo
status-archived = archivado

## Changing the basket

basket-changed = Cambiado: { $quantity } × { $title }.
basket-removed = Quitado de su cesta: { $title }.
basket-emptied = Su cesta está vacía ahora.
which-line = ¿A cuál de su cesta se refiere?
line-not-found = Eso no está en su cesta; no se ha cambiado nada.
alert-offer = ¿Quiere que le avise cuando vuelva?

## Paying and orders

pay-link = Pedido { $number }: pague { $amount } aquí: { $url }
pay-link-plain = Pedido { $number }: pague aquí: { $url }
pay-until = El enlace es válido hasta el { $until }.
pay-empty = Su cesta está vacía; no hay nada que pagar.
pay-provider = ¿Cómo quiere pagar?
pay-down = Esa forma de pago no responde ahora; no se ha pedido nada. Inténtelo de nuevo en un minuto.
pay-others = Otras formas de pago: { $values }.
pay-not-payable = El pedido { $number } ya no se puede pagar. Pregúnteme por sus pedidos para ver por qué.
pay-changed = Algo ha cambiado desde que lo vio; no se ha pedido nada.
order-delivery = entrega prevista { $date }
order-status-pending_payment = pendiente de pago
order-status-paid = pagado
order-status-processing = en preparación
order-status-shipped = en camino
order-status-delivered = entregado
order-status-cancelled = cancelado
order-status-expired = caducado por no pagarse a tiempo
order-status-refunded = reembolsado

## Alerts, messages, a colleague

alert-made = Le escribiré una vez cuando { $title } vuelva a estar disponible.
alert-in-stock = Buenas noticias: { $title } está disponible. ¿Lo pongo en su cesta?
sent = Su mensaje se ha enviado.
sent-later = Su mensaje está en espera y saldrá en cuanto el servicio lo acepte.
sent-suppressed = No se ha enviado: el destinatario no ha aceptado estos mensajes.
handover-queued = He pedido a un compañero que se encargue ({ $ticket }). Hasta que llegue, sigo ayudándole.
handover-minutes = { $minutes ->
    [one] Suele tardar un minuto.
   *[other] Suele tardar unos { $minutes } minutos.
}
handover-human = Un compañero lleva esta conversación y lee su mensaje.
handover-taken = Un compañero está aquí y le responde.
handover-returned = El asistente vuelve a atenderle.
handover-not-allowed = Para llevar conversaciones hace falta el permiso handover:agent. Inicie sesión con un token que lo tenga.
handover-not-taken = Ninguna persona lleva esta conversación. Envíe primero «take».
handover-other-agent = Otra persona lleva esta conversación. Espere a que la devuelva.
handover-empty = No hay nada que decir: envíe la trama con un texto.

## Making and changing products

product-created = Creado: { $title }
product-updated = Cambiado: { $title }
product-unchanged = Ya está así, no hay nada que cambiar: { $title }
product-archived = Archivado y ya no está en la tienda: { $title }
delete-one-by-one = Solo archivo productos de uno en uno; no se ha hecho nada. Dígame cuál.
sku-taken = Otro producto ya tiene este SKU; no se ha creado nada. Elija otro SKU o cambie ese producto.
changed-meanwhile = Alguien lo ha cambiado entretanto; no se ha hecho nada. Mírelo de nuevo y repita lo que quiere.
import-how = Envíeme un archivo (CSV, JSON o XLSX) con su mensaje o pegue las líneas debajo. Primero muestro qué pasaría.
import-dry = Solo una prueba, no se ha cambiado nada. { $rows } filas: { $created } nuevas, { $updated } cambiadas, { $skipped } sin cambios, { $failed } con errores.
import-done = La importación ha terminado. { $rows } filas: { $created } nuevas, { $updated } cambiadas, { $skipped } sin cambios, { $failed } con errores.
import-running = La importación está en curso; le aviso cuando termine.
import-row = Fila { $row }
import-unreadable = No puedo leer este archivo; no se ha cambiado nada. Guárdelo como CSV en UTF-8, JSON o XLSX y envíelo de nuevo.
import-too-large = Este archivo es demasiado grande; no se ha cambiado nada. Divídalo y envíe las partes.

## What waits for a yes

confirm-pay = { $count ->
    [one] El total es { $amount } por un artículo. ¿Lo pido y creo el enlace de pago?
   *[other] El total es { $amount } por { $count } artículos. ¿Los pido y creo el enlace de pago?
}
confirm-empty-basket = { $count ->
    [one] Hay un artículo en su cesta. ¿La vacío del todo?
   *[other] Hay { $count } artículos en su cesta. ¿La vacío del todo?
}
confirm-delete = ¿Archivo «{ $title }»? Desaparece de la tienda; los pedidos se conservan.
confirm-delete-baskets = { $count ->
    [one] Ahora está en una cesta.
   *[other] Ahora está en { $count } cestas.
}
confirm-update = ¿Cambio «{ $title }» así?
confirm-import = ¿Lo importo ahora de verdad?
confirm-send = ¿Envío este mensaje a { $to }?
confirm-any = Esto no se puede deshacer fácilmente. ¿Lo hago?
confirm-how = Responda «sí» para hacerlo o «no» para dejarlo.
left-undone = De acuerdo, no lo he hecho.
confirm-over = Esa pregunta ya ha caducado y no se ha hecho nada. Dígame de nuevo qué quiere.
nothing-open = Ahora no hay nada pendiente de un sí o un no. ¿Qué puedo hacer por usted?
one-at-a-time = Terminemos esto primero. Luego dígamelo otra vez: «{ $rest }»
withheld = No he podido comprobar una parte de la respuesta y la he omitido. Pregunte de nuevo.

## Asking for what is missing

slot-quantity = ¿Cuántos quiere?
slot-title = ¿Cómo se llama el producto?
slot-price = ¿Cuánto debe costar?
slot-product = ¿Qué producto? Dígame su nombre o SKU.
slot-new-price = ¿Qué debe cambiar? Dígame el nuevo precio, stock o estado.
slot-address = ¿A qué correo o teléfono le escribo?
slot-consent = ¿Puedo guardar esta dirección para este único mensaje?
slot-email = ¿A qué dirección de correo?
slot-phone = ¿A qué número? Con el prefijo del país, por favor.
slot-subject = ¿Cuál es el asunto?
slot-body = ¿Qué debe decir el mensaje?

## Progress

progress-understanding = Estoy leyendo su mensaje …
progress-search = Estoy buscando en la tienda …
progress-product = Estoy consultando el producto …
progress-basket = Estoy atendiendo su cesta …
progress-working = Estoy en ello …

## Errors

error-unavailable = { $seconds ->
    [one] La parte de la tienda que hace esto ({ $service }) se está reiniciando. Inténtelo de nuevo en un segundo.
   *[other] La parte de la tienda que hace esto ({ $service }) se está reiniciando. Inténtelo de nuevo en { $seconds } segundos.
}
error-uncertain = La parte de la tienda que hace esto ({ $service }) no terminó, y no sé si se hizo. Compruébelo, por ejemplo en su cesta, antes de intentarlo de nuevo.
error-too-slow = Tardó demasiado y se ha detenido. Inténtelo de nuevo en un momento.
error-busy = Su mensaje anterior todavía se está atendiendo. Inténtelo de nuevo en un momento.
error-cancelled = Detenido, como pidió. Lo que ya estaba hecho, hecho queda.
error-draining = Este servicio está a punto de reiniciarse. Envíe su mensaje de nuevo en { $seconds } segundos.
error-api = La tienda no responde ahora mismo; no se ha perdido nada. Inténtelo de nuevo en un minuto.
error-authentication = Para eso necesito saber quién es usted. Inicie sesión e inténtelo de nuevo.
error-wrong-user = Esta conexión pertenece a «{ $user }». Envíe eso como userId, o inicie sesión con otra cuenta.
error-reserved-user = Los identificadores con un prefijo como whatsapp: los ponen los conectores. Envíe uno sin prefijo.
error-admin-only = Eso solo puede hacerlo la administración de la tienda. Inicie sesión con una cuenta de administrador.
error-rate-limit = { $seconds ->
    [one] Ha sido mucho de una vez. Espere un segundo y envíelo de nuevo.
   *[other] Ha sido mucho de una vez. Espere { $seconds } segundos y envíelo de nuevo.
}
error-invalid-params = La tienda no ha podido usar esos datos. Dígalo con otras palabras.
error-internal = Algo ha fallado por nuestra parte; no se ha hecho nada más. Inténtelo de nuevo; si continúa, indique al soporte el número { $correlation }.
error-too-many-waiting = Demasiados mensajes esperan respuesta. Espere a algunas de ellas antes de enviar más.

## Frames that cannot be read

frame-too-deep = La trama tiene más de { $limit } niveles. Aplánela.
frame-not-json = La trama no es JSON válido. Envíe un objeto JSON por trama, en UTF-8.
frame-not-an-object = La trama no es un objeto. Envíe un objeto JSON por trama.
frame-duplicate-member = La trama nombra un campo dos veces. Envíe cada campo una vez.
frame-no-type = La trama no tiene ni «type» ni «message». Envíe un objeto con «type».
frame-unknown-type = El «type» de la trama no se conoce. Use uno de: { $types }.
frame-missing = Falta el campo «{ $field }». { $rule }
frame-wrong = El campo «{ $field }» no es válido. { $rule }
rule-type = Nombra el tipo de trama como texto.
rule-id = Es un texto de 1 a 128 caracteres.
rule-userId = Es su identificador de usuario: de 1 a 100 letras, cifras o . _ @ + -
rule-message = Es un texto de 1 a 4000 caracteres.
rule-clientType = Es uno de web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = Es una etiqueta de idioma BCP 47 como es o pt-BR.
rule-conversationId = Es un texto de 1 a 128 caracteres.
rule-attachments = Es una lista de como máximo 10 objetos con «uploadId» y «name».
rule-stream = Es true o false.
rule-metadata = Es un objeto.
rule-correct = Es true o false.
rule-intent = Es un texto de como máximo 64 caracteres.
rule-action = Es take, say o return.
rule-text = Es un texto de como máximo 4000 caracteres.
