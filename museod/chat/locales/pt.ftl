### Todos os textos da conversa em português; chaves e variáveis como em en.ftl.

## Small talk

greeting = Olá! Eu pesquiso na loja, informo preços e estoque e cuido do seu carrinho. O que você procura?
help =
    Isto é o que posso fazer:
    • pesquisar produtos: “Vocês têm o iPhone 15?”
    • dar detalhes, preços e estoque: “Quanto custa o segundo?”
    • responder a perguntas sobre um produto
    • encher e mostrar o seu carrinho: “Adicione dois dos pretos”, “O que há no meu carrinho?”
thanks = De nada! Mais alguma coisa?
goodbye = Até logo, e obrigado pela visita!
other = Sou o assistente da loja e não encontrei aí nada que eu possa fazer. Posso pesquisar produtos, informar preços e estoque, responder a perguntas sobre produtos e cuidar do seu carrinho.
unsure = Não tenho certeza do que você quer dizer. O que deseja fazer?

## What a suggestion button shows and says

topic-product-search = Pesquisar produtos
topic-product-search-message = Pesquisar produtos
topic-product-info = Ver detalhes
topic-product-info-message = Mostre os detalhes
topic-product-question = Fazer uma pergunta
topic-product-question-message = Tenho uma pergunta sobre um produto
topic-basket-add = Pôr no carrinho
topic-basket-add-message = Adicione ao meu carrinho
topic-basket-view = Ver meu carrinho
topic-basket-view-message = O que há no meu carrinho?
topic-basket-remove = Tirar do carrinho
topic-basket-remove-message = Tire do meu carrinho
topic-basket-update = Mudar quantidade
topic-basket-update-message = Mude a quantidade no meu carrinho
topic-checkout-pay = Pagar
topic-checkout-pay-message = Quero pagar
topic-order-status = Meus pedidos
topic-order-status-message = Onde está o meu pedido?
topic-admin-product-create = Criar produto
topic-admin-product-create-message = Crie um produto
topic-admin-product-import = Importar produtos
topic-admin-product-import-message = Importe produtos de um arquivo
topic-admin-product-list = Listar produtos
topic-admin-product-list-message = Liste todos os produtos
topic-admin-product-update = Alterar produto
topic-admin-product-update-message = Altere um produto
topic-admin-product-delete = Excluir produto
topic-admin-product-delete-message = Exclua um produto
topic-notify-send = Enviar mensagem
topic-notify-send-message = Envie uma mensagem
topic-greeting = Dizer olá
topic-greeting-message = Olá
topic-help = Ajuda
topic-help-message = O que você sabe fazer?
topic-thanks = Obrigado
topic-thanks-message = Obrigado
topic-goodbye = Até logo
topic-goodbye-message = Até logo
topic-human-handover = Falar com alguém
topic-human-handover-message = Quero falar com uma pessoa

## Not possible here yet

not-yet-basket-remove = Ainda não consigo tirar itens do seu carrinho por aqui; nada foi alterado.
not-yet-basket-update = Ainda não consigo mudar quantidades no seu carrinho por aqui; nada foi alterado.
not-yet-checkout-pay = Ainda não consigo receber pagamentos por aqui. O seu carrinho fica como está.
not-yet-order-status = Ainda não consigo consultar pedidos por aqui.
not-yet-admin-product-create = Ainda não consigo criar produtos por aqui; nada foi alterado.
not-yet-admin-product-import = Ainda não consigo importar produtos por aqui; nada foi alterado.
not-yet-admin-product-list = Ainda não consigo listar produtos por aqui.
not-yet-admin-product-update = Ainda não consigo alterar produtos por aqui; nada foi alterado.
not-yet-admin-product-delete = Ainda não consigo excluir produtos por aqui; nada foi alterado.
not-yet-notify-send = Ainda não consigo enviar mensagens daqui; nada foi enviado.
not-yet-human-handover = Ainda não consigo passar você para um colega por aqui.
not-yet-other = Ainda não consigo fazer isso por aqui; nada foi alterado.
what-i-can = O que posso fazer: pesquisar produtos, informar preços e estoque, responder a perguntas sobre produtos e cuidar do seu carrinho.
what-i-can-admin = O que posso fazer: listar produtos com estado, preços e estoque, e tudo o que os clientes podem.

## Products

search-results = { $count ->
    [one] Encontrei um produto para “{ $query }”:
   *[other] Encontrei { $count } produtos para “{ $query }”:
}
search-more-results = Mais resultados para “{ $query }”:
search-corrected = Pesquisei “{ $query }”.
search-what = O que você procura? Diga um produto, uma marca ou um tipo de artigo.
search-empty = Não encontrei nada para “{ $query }”.
search-did-you-mean = Você quis dizer { $suggestions }?
search-empty-remedy = Tente outras palavras, ou menos palavras.
recommendations = { $count ->
    [one] Isto pode interessar a você:
   *[other] Estes { $count } podem interessar a você:
}
recommendations-empty = No momento não tenho nada a recomendar para isso.
price-from = a partir de { $price }
in-stock = em estoque
sold-out = esgotado
stock-left = { $available ->
    [0] esgotado
   *[other] { $available } em estoque
}
product-simple = { $title } custa { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } existe em uma versão:
   *[other] { $title } existe em { $count } versões:
}
product-variants-chosen = { $count ->
    [one] { $title }, a versão que você pediu:
   *[other] { $title }, as { $count } versões que você pediu:
}
product-unknown = Não conheço nenhum produto “{ $name }”.
product-unknown-remedy = Diga o que procura, e eu pesquiso na loja.
product-gone = { $title } não é mais vendido.
also-found = Também encontrei { $titles }.
which-product = De qual produto você fala?
which-of-these = Qual deles?
which-product-remedy = Diga o nome, ou pesquise primeiro.
compare-lead = Aqui está a comparação:
compare-empty = Não consegui comparar esses produtos.
show-more = Mostrar mais
show-more-message = Mostrar mais
label-price = Preço
label-stock = Estoque
label-product = Produto
label-status = Estado
label-date = Data
label-total = Total
label-order = Pedido
yes = Sim
no = Não

## Questions about products

answer-unknown = Não tenho informação sobre isso.
facts-instead = Ainda não consigo avaliar isso por aqui; o catálogo diz:

## Basket

added = { $quantity ->
    [one] Adicionado ao seu carrinho: { $quantity } × { $title }, { $price }.
   *[other] Adicionado ao seu carrinho: { $quantity } × { $title }, { $price } cada.
}
basket-sum = { $count ->
    [one] O seu carrinho tem agora um item, { $total } no total.
   *[other] O seu carrinho tem agora { $count } itens, { $total } no total.
}
basket-lead = { $count ->
    [one] Há um item no seu carrinho:
   *[other] Há { $count } itens no seu carrinho:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Total: { $total }
basket-empty = O seu carrinho está vazio.
line-insufficient = estoque insuficiente
line-unavailable = não está mais disponível
notice-price_changed = Um preço mudou desde que você adicionou o item.
notice-quantity_reduced = Uma quantidade foi reduzida ao estoque disponível.
notice-line_unavailable = Algo no seu carrinho não está mais disponível.
choose-option = { $title }, escolha { $axis }: { $values }?
choose-option-plain = Escolha { $axis }: { $values }?
axis-storage = a capacidade
axis-color = a cor
axis-size = o tamanho
axis-material = o material
short-stock = { $available ->
    [one] Resta só uma unidade de { $title }; nada foi adicionado. Adiciono essa?
   *[other] Restam só { $available } unidades de { $title }; nada foi adicionado. Adiciono { $available }?
}
short-stock-unknown = Não há { $title } suficiente em estoque; nada foi adicionado. Tente uma quantidade menor.
sold-out-title = { $title }: esgotado; nada foi adicionado.
quantity-limit = { $limit ->
    [0] É mais de { $title } do que um pedido pode ter; nada foi adicionado.
   *[other] No máximo { $limit } de { $title } por pedido; nada foi adicionado.
}
quantity-range = Posso adicionar de { $minimum } a { $maximum } unidades por vez; nada foi adicionado.
the-product = este produto

## Orders

orders-lead = { $count ->
    [one] O seu último pedido:
   *[other] Os seus últimos { $count } pedidos:
}
orders-empty = Você ainda não tem pedidos.
order-unknown = Não encontro esse pedido na sua conta.

## Administration

admin-list-lead = { $count ->
    [one] Um produto:
   *[other] { $count } produtos:
}
admin-list-empty = Nenhum produto corresponde.
status-draft = rascunho
status-active = ativo
status-archived = arquivado

## Changing the basket

basket-changed = Alterado: { $quantity } × { $title }.
basket-removed = Retirado do seu carrinho: { $title }.
basket-emptied = O seu carrinho está vazio agora.
which-line = Qual do seu carrinho quer dizer?
line-not-found = Isso não está no seu carrinho; nada foi alterado.
alert-offer = Quer que eu avise quando voltar?

## Paying and orders

pay-link = Encomenda { $number }: pague { $amount } aqui: { $url }
pay-link-plain = Encomenda { $number }: pague aqui: { $url }
pay-until = O link é válido até { $until }.
pay-empty = O seu carrinho está vazio; não há nada a pagar.
pay-provider = Como quer pagar?
pay-down = Essa forma de pagamento não responde agora; nada foi encomendado. Tente de novo dentro de um minuto.
pay-others = Outras formas de pagamento: { $values }.
pay-not-payable = A encomenda { $number } já não pode ser paga. Pergunte pelas suas encomendas para ver porquê.
pay-changed = Algo mudou desde que viu; nada foi encomendado.
order-delivery = previsto { $date }
order-status-pending_payment = a aguardar pagamento
order-status-paid = paga
order-status-processing = em preparação
order-status-shipped = a caminho
order-status-delivered = entregue
order-status-cancelled = cancelada
order-status-expired = expirada por falta de pagamento
order-status-refunded = reembolsada

## Alerts, messages, a colleague

alert-made = Escrevo-lhe uma vez quando { $title } voltar a estar disponível.
alert-in-stock = Boas notícias: { $title } está em stock. Ponho no carrinho?
sent = A sua mensagem foi enviada.
sent-later = A sua mensagem está em espera e sai assim que o serviço a aceitar.
sent-suppressed = Não foi enviada: o destinatário não aceitou estas mensagens.
handover-queued = Pedi a um colega que assuma ({ $ticket }). Até lá, continuo a ajudar.
handover-minutes = { $minutes ->
    [one] Costuma demorar um minuto.
   *[other] Costuma demorar cerca de { $minutes } minutos.
}
handover-human = Um colega tem esta conversa e lê a sua mensagem.
handover-taken = Um colega está aqui e responde-lhe.
handover-returned = O assistente está de novo ao seu dispor.
handover-not-allowed = Assumir conversas exige o âmbito handover:agent. Inicie sessão com um token que o tenha.
handover-not-taken = Nenhuma pessoa tem esta conversa. Envie primeiro “take”.
handover-other-agent = Outra pessoa tem esta conversa. Espere que seja devolvida.
handover-empty = Não há nada a dizer: envie a mensagem com um texto.

## Making and changing products

product-created = Criado: { $title }
product-updated = Alterado: { $title }
product-unchanged = Já está assim, nada a alterar: { $title }
product-archived = Arquivado e já não está na loja: { $title }
delete-one-by-one = Só arquivo produtos um a um; nada foi feito. Diga-me qual.
sku-taken = Outro produto já tem este SKU; nada foi criado. Escolha outro SKU ou altere esse produto.
changed-meanwhile = Alguém o alterou entretanto; nada foi feito. Veja de novo e repita o que quer.
import-how = Envie-me um ficheiro (CSV, JSON ou XLSX) com a mensagem ou cole as linhas abaixo. Primeiro mostro o que aconteceria.
import-dry = Só um ensaio, nada foi alterado. { $rows } linhas: { $created } novas, { $updated } alteradas, { $skipped } sem alteração, { $failed } com erros.
import-done = A importação terminou. { $rows } linhas: { $created } novas, { $updated } alteradas, { $skipped } sem alteração, { $failed } com erros.
import-running = A importação está em curso; aviso quando terminar.
import-row = Linha { $row }
import-unreadable = Não consigo ler este ficheiro; nada foi alterado. Guarde-o como CSV em UTF-8, JSON ou XLSX e envie de novo.
import-too-large = Este ficheiro é demasiado grande; nada foi alterado. Divida-o e envie as partes.

## What waits for a yes

confirm-pay = { $count ->
    [one] O total é { $amount } por um artigo. Encomendo e crio o link de pagamento?
   *[other] O total é { $amount } por { $count } artigos. Encomendo e crio o link de pagamento?
}
confirm-empty-basket = { $count ->
    [one] Há um artigo no carrinho. Esvazio tudo?
   *[other] Há { $count } artigos no carrinho. Esvazio tudo?
}
confirm-delete = Arquivar “{ $title }”? Desaparece da loja; as encomendas ficam.
confirm-delete-baskets = { $count ->
    [one] Está agora num carrinho.
   *[other] Está agora em { $count } carrinhos.
}
confirm-update = Alterar “{ $title }” assim?
confirm-import = Importo agora a sério?
confirm-send = Enviar esta mensagem a { $to }?
confirm-any = Isto não se desfaz facilmente. Faço?
confirm-how = Responda “sim” para fazer, “não” para deixar.
left-undone = Certo, não o fiz.
confirm-over = Essa pergunta já não está aberta e nada foi feito. Diga de novo o que quer.
nothing-open = Nada espera por um sim ou não neste momento. O que posso fazer?
one-at-a-time = Vamos terminar isto primeiro. Depois diga-me de novo: “{ $rest }”
withheld = Parte da resposta não pôde ser verificada, por isso omiti-a. Pergunte de novo.

## Asking for what is missing

slot-quantity = Quantos quer?
slot-title = Como se chama o produto?
slot-price = Quanto deve custar?
slot-product = Que produto? Diga-me o nome ou SKU.
slot-new-price = O que deve mudar? Diga-me o novo preço, stock ou estado.
slot-address = Para que e-mail ou telefone escrevo?
slot-consent = Posso guardar este endereço só para esta mensagem?
slot-email = Para que endereço de e-mail?
slot-phone = Para que número? Com o indicativo do país, por favor.
slot-subject = Qual é o assunto?
slot-body = O que deve dizer a mensagem?

## Progress

progress-understanding = Estou lendo a sua mensagem …
progress-search = Estou pesquisando na loja …
progress-product = Estou consultando o produto …
progress-basket = Estou cuidando do seu carrinho …
progress-working = Estou trabalhando nisso …

## Errors

error-unavailable = { $seconds ->
    [one] A parte da loja que faz isso ({ $service }) está reiniciando. Tente de novo em { $seconds } segundo.
   *[other] A parte da loja que faz isso ({ $service }) está reiniciando. Tente de novo em { $seconds } segundos.
}
error-uncertain = A parte da loja que faz isso ({ $service }) não terminou, e não sei se foi feito. Verifique, por exemplo no seu carrinho, antes de tentar de novo.
error-too-slow = Demorou demais e foi interrompido. Tente de novo em um momento.
error-busy = A sua mensagem anterior ainda está em andamento. Tente de novo em um momento.
error-cancelled = Interrompido como você pediu. O que já estava feito continua feito.
error-draining = Este serviço vai reiniciar. Envie a sua mensagem de novo em { $seconds } segundos.
error-api = A loja não responde agora; nada foi perdido. Tente de novo em um minuto.
error-authentication = Para isso preciso saber quem você é. Entre na sua conta e tente de novo.
error-wrong-user = Esta conexão pertence a “{ $user }”. Envie isso como userId, ou entre com outra conta.
error-reserved-user = Identificadores com um prefixo como whatsapp: são dos conectores. Envie um sem prefixo.
error-admin-only = Só a administração da loja pode fazer isso. Entre com uma conta de administrador.
error-rate-limit = { $seconds ->
    [one] Foi muita coisa de uma vez. Espere { $seconds } segundo e envie de novo.
   *[other] Foi muita coisa de uma vez. Espere { $seconds } segundos e envie de novo.
}
error-invalid-params = A loja não conseguiu usar esses dados. Diga com outras palavras.
error-internal = Algo deu errado do nosso lado; nada mais foi feito. Tente de novo; se continuar, informe ao suporte o número { $correlation }.
error-too-many-waiting = Mensagens demais esperam resposta. Espere algumas antes de enviar mais.

## Frames that cannot be read

frame-too-deep = O quadro tem mais de { $limit } níveis. Deixe-o mais plano.
frame-not-json = O quadro não é JSON válido. Envie um objeto JSON por quadro, em UTF-8.
frame-not-an-object = O quadro não é um objeto. Envie um objeto JSON por quadro.
frame-duplicate-member = O quadro nomeia um campo duas vezes. Envie cada campo uma vez.
frame-no-type = O quadro não tem nem “type” nem “message”. Envie um objeto com “type”.
frame-unknown-type = O “type” do quadro é desconhecido. Use um destes: { $types }.
frame-missing = Falta o campo “{ $field }”. { $rule }
frame-wrong = O campo “{ $field }” não é válido. { $rule }
rule-type = Ele nomeia o tipo de quadro como texto.
rule-id = É um texto de 1 a 128 caracteres.
rule-userId = É o seu identificador: 1 a 100 letras, algarismos ou . _ @ + -
rule-message = É um texto de 1 a 4000 caracteres.
rule-clientType = É um destes: web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = É uma etiqueta de idioma BCP 47 como en ou pt-BR.
rule-conversationId = É um texto de 1 a 128 caracteres.
rule-attachments = É uma lista de no máximo 10 objetos com “uploadId” e “name”.
rule-stream = É true ou false.
rule-metadata = É um objeto.
rule-correct = É true ou false.
rule-intent = É um texto de no máximo 64 caracteres.
rule-action = É take, say ou return.
rule-text = É um texto de no máximo 4000 caracteres.
