### Mọi câu chữ của cuộc trò chuyện bằng tiếng Việt; khóa và biến giống như trong en.ftl.

## Small talk

greeting = Xin chào! Tôi tìm hàng trong cửa hàng, cho biết giá và số lượng còn, và giữ giỏ hàng cho bạn. Bạn đang tìm gì?
help =
    Tôi có thể giúp bạn:
    • tìm sản phẩm: “Có iPhone 15 không?”
    • cho biết chi tiết, giá và số lượng còn: “Cái thứ hai giá bao nhiêu?”
    • trả lời câu hỏi về sản phẩm
    • thêm vào và xem giỏ hàng: “Thêm hai cái màu đen”, “Trong giỏ hàng của tôi có gì?”
thanks = Không có gì! Bạn cần gì nữa không?
goodbye = Tạm biệt và cảm ơn bạn đã ghé thăm!
other = Tôi là trợ lý của cửa hàng và không thấy điều gì tôi làm được trong đó. Tôi có thể tìm sản phẩm, cho biết giá và số lượng còn, trả lời câu hỏi về sản phẩm và giữ giỏ hàng cho bạn.
unsure = Tôi chưa chắc ý bạn. Bạn muốn làm gì?

## What a suggestion button shows and says

topic-product-search = Tìm sản phẩm
topic-product-search-message = Tìm sản phẩm
topic-product-info = Xem chi tiết
topic-product-info-message = Cho tôi xem chi tiết
topic-product-question = Hỏi về sản phẩm
topic-product-question-message = Tôi có câu hỏi về một sản phẩm
topic-basket-add = Thêm vào giỏ
topic-basket-add-message = Thêm nó vào giỏ hàng của tôi
topic-basket-view = Xem giỏ hàng
topic-basket-view-message = Trong giỏ hàng của tôi có gì?
topic-basket-remove = Bỏ khỏi giỏ
topic-basket-remove-message = Bỏ nó khỏi giỏ hàng của tôi
topic-basket-update = Đổi số lượng
topic-basket-update-message = Đổi số lượng trong giỏ hàng của tôi
topic-checkout-pay = Thanh toán
topic-checkout-pay-message = Tôi muốn thanh toán
topic-order-status = Đơn hàng của tôi
topic-order-status-message = Đơn hàng của tôi đâu rồi?
topic-admin-product-create = Tạo sản phẩm
topic-admin-product-create-message = Tạo một sản phẩm
topic-admin-product-import = Nhập sản phẩm
topic-admin-product-import-message = Nhập sản phẩm từ tệp
topic-admin-product-list = Liệt kê sản phẩm
topic-admin-product-list-message = Liệt kê mọi sản phẩm
topic-admin-product-update = Sửa sản phẩm
topic-admin-product-update-message = Sửa một sản phẩm
topic-admin-product-delete = Xóa sản phẩm
topic-admin-product-delete-message = Xóa một sản phẩm
topic-notify-send = Gửi tin nhắn
topic-notify-send-message = Gửi một tin nhắn
topic-greeting = Chào hỏi
topic-greeting-message = Xin chào
topic-help = Trợ giúp
topic-help-message = Bạn làm được gì?
topic-thanks = Cảm ơn
topic-thanks-message = Cảm ơn
topic-goodbye = Tạm biệt
topic-goodbye-message = Tạm biệt
topic-human-handover = Gặp nhân viên
topic-human-handover-message = Tôi muốn nói chuyện với nhân viên

## Not possible here yet

not-yet-basket-remove = Ở đây tôi chưa bỏ được hàng khỏi giỏ; chưa có gì thay đổi.
not-yet-basket-update = Ở đây tôi chưa đổi được số lượng trong giỏ; chưa có gì thay đổi.
not-yet-checkout-pay = Ở đây tôi chưa nhận được thanh toán. Giỏ hàng của bạn vẫn giữ nguyên.
not-yet-order-status = Ở đây tôi chưa tra cứu được đơn hàng.
not-yet-admin-product-create = Ở đây tôi chưa tạo được sản phẩm; chưa có gì thay đổi.
not-yet-admin-product-import = Ở đây tôi chưa nhập được sản phẩm; chưa có gì thay đổi.
not-yet-admin-product-list = Ở đây tôi chưa liệt kê được sản phẩm.
not-yet-admin-product-update = Ở đây tôi chưa sửa được sản phẩm; chưa có gì thay đổi.
not-yet-admin-product-delete = Ở đây tôi chưa xóa được sản phẩm; chưa có gì thay đổi.
not-yet-notify-send = Từ đây tôi chưa gửi được tin nhắn; chưa có gì được gửi.
not-yet-human-handover = Ở đây tôi chưa chuyển bạn cho đồng nghiệp được.
not-yet-other = Ở đây tôi chưa làm được việc đó; chưa có gì thay đổi.
what-i-can = Tôi có thể: tìm sản phẩm, cho biết giá và số lượng còn, trả lời câu hỏi về sản phẩm và giữ giỏ hàng cho bạn.
what-i-can-admin = Tôi có thể: liệt kê sản phẩm cùng trạng thái, giá và tồn kho, và mọi việc khách hàng làm được.

## Products

search-results = Tôi tìm thấy { $count } sản phẩm cho “{ $query }”:
search-more-results = Thêm kết quả cho “{ $query }”:
search-corrected = Tôi đã tìm “{ $query }”.
search-what = Bạn đang tìm gì? Hãy cho tôi biết một sản phẩm, một nhãn hiệu hoặc một loại hàng.
search-empty = Tôi không tìm thấy gì cho “{ $query }”.
search-did-you-mean = Ý bạn là { $suggestions }?
search-empty-remedy = Hãy thử từ khác, hoặc ít từ hơn.
recommendations = Có thể bạn quan tâm đến { $count } sản phẩm này:
recommendations-empty = Hiện tôi chưa có gì để gợi ý cho việc đó.
price-from = từ { $price }
in-stock = còn hàng
sold-out = hết hàng
stock-left = { $available ->
    [0] hết hàng
   *[other] còn { $available }
}
product-simple = { $title } giá { $price } ({ $stock }).
product-variants = { $title } có { $count } phiên bản:
product-variants-chosen = { $title }, { $count } phiên bản bạn hỏi:
product-unknown = Tôi không biết sản phẩm “{ $name }”.
product-unknown-remedy = Hãy cho tôi biết bạn tìm gì, tôi sẽ tìm trong cửa hàng.
product-gone = { $title } không còn bán nữa.
also-found = Tôi cũng tìm thấy { $titles }.
which-product = Ý bạn là sản phẩm nào?
which-of-these = Ý bạn là cái nào?
which-product-remedy = Hãy cho tôi biết tên, hoặc tìm nó trước.
compare-lead = Đây là bảng so sánh:
compare-empty = Tôi không so sánh được các sản phẩm này.
show-more = Xem thêm
show-more-message = Xem thêm
label-price = Giá
label-stock = Tồn kho
label-product = Sản phẩm
label-status = Trạng thái
label-date = Ngày
label-total = Tổng
label-order = Đơn hàng
yes = Vâng
no = Không

## Questions about products

answer-unknown = Tôi không có thông tin về điều đó.
facts-instead = Ở đây tôi chưa đánh giá được điều đó; danh mục ghi như sau:

## Basket

added = { $quantity ->
    [1] Đã thêm vào giỏ: { $quantity } × { $title }, { $price }.
   *[other] Đã thêm vào giỏ: { $quantity } × { $title }, mỗi cái { $price }.
}
basket-sum = Giỏ hàng của bạn hiện có { $count } món, tổng cộng { $total }.
basket-lead = Có { $count } món trong giỏ hàng của bạn:
basket-line = { $quantity } × { $title }: { $total }
basket-total = Tổng cộng: { $total }
basket-empty = Giỏ hàng của bạn đang trống.
line-insufficient = không đủ hàng
line-unavailable = không còn nữa
notice-price_changed = Một mức giá đã thay đổi từ khi bạn thêm vào.
notice-quantity_reduced = Một số lượng đã được giảm xuống bằng số còn trong kho.
notice-line_unavailable = Có món trong giỏ không còn nữa.
choose-option = { $title }: bạn chọn { $axis } nào, { $values }?
choose-option-plain = Bạn chọn { $axis } nào: { $values }?
axis-storage = dung lượng
axis-color = màu
axis-size = cỡ
axis-material = chất liệu
short-stock = { $available ->
    [1] { $title } chỉ còn một cái; chưa thêm gì. Tôi thêm cái đó nhé?
   *[other] { $title } chỉ còn { $available } cái; chưa thêm gì. Tôi thêm { $available } cái nhé?
}
short-stock-unknown = { $title } không đủ hàng; chưa thêm gì. Hãy thử số lượng nhỏ hơn.
sold-out-title = { $title } đã hết hàng; chưa thêm gì.
quantity-limit = { $limit ->
    [0] Số lượng { $title } này vượt quá mức cho một đơn; chưa thêm gì.
   *[other] Tối đa { $limit } { $title } mỗi đơn; chưa thêm gì.
}
quantity-range = Mỗi lần tôi thêm được từ { $minimum } đến { $maximum } cái; chưa thêm gì.
the-product = sản phẩm này

## Orders

orders-lead = { $count } đơn hàng gần nhất của bạn:
orders-empty = Bạn chưa có đơn hàng nào.
order-unknown = Tôi không tìm thấy đơn hàng đó trong tài khoản của bạn.

## Administration

admin-list-lead = { $count } sản phẩm:
admin-list-empty = Không có sản phẩm nào phù hợp.
status-draft = bản nháp
status-active = đang bán
status-archived = đã lưu trữ

## Changing the basket

basket-changed = Đã đổi: { $quantity } × { $title }.
basket-removed = Đã lấy ra khỏi giỏ hàng: { $title }.
basket-emptied = Giỏ hàng của bạn giờ đã trống.
which-line = Bạn muốn nói đến món nào trong giỏ hàng?
line-not-found = Món đó không có trong giỏ hàng; không có gì thay đổi.
alert-offer = Bạn có muốn tôi báo khi có hàng lại không?

## Paying and orders

pay-link = Đơn hàng { $number }: thanh toán { $amount } tại đây: { $url }
pay-link-plain = Đơn hàng { $number }: thanh toán tại đây: { $url }
pay-until = Liên kết có hiệu lực đến { $until }.
pay-empty = Giỏ hàng trống; không có gì để thanh toán.
pay-provider = Bạn muốn thanh toán bằng cách nào?
pay-down = Cách thanh toán này hiện không phản hồi; chưa có gì được đặt. Vui lòng thử lại sau một phút.
pay-others = Cách thanh toán khác: { $values }.
pay-not-payable = Đơn hàng { $number } không thể thanh toán nữa. Hãy hỏi tôi về đơn hàng của bạn để biết lý do.
pay-changed = Có thay đổi kể từ lúc bạn xem; chưa có gì được đặt.
order-delivery = dự kiến { $date }
order-status-pending_payment = đang chờ thanh toán
order-status-paid = đã thanh toán
order-status-processing = đang đóng gói
order-status-shipped = đang giao
order-status-delivered = đã giao
order-status-cancelled = đã hủy
order-status-expired = đã hết hạn vì chưa thanh toán kịp
order-status-refunded = đã hoàn tiền

## Alerts, messages, a colleague

alert-made = Tôi sẽ nhắn cho bạn một lần khi { $title } có hàng lại.
alert-in-stock = Tin vui: { $title } còn hàng. Tôi thêm vào giỏ nhé?
sent = Tin nhắn của bạn đã được gửi.
sent-later = Tin nhắn đang chờ và sẽ được gửi ngay khi dịch vụ nhận.
sent-suppressed = Chưa gửi: người nhận chưa đồng ý nhận loại tin này.
handover-queued = Tôi đã nhờ một đồng nghiệp tiếp nhận ({ $ticket }). Trong lúc chờ, tôi vẫn giúp bạn.
handover-minutes = { $minutes ->
   *[other] Thường mất khoảng { $minutes } phút.
}
handover-human = Một đồng nghiệp đang phụ trách cuộc trò chuyện này và sẽ đọc tin của bạn.
handover-taken = Một đồng nghiệp đã vào và sẽ trả lời bạn.
handover-returned = Trợ lý lại sẵn sàng giúp bạn.
handover-not-allowed = Tiếp nhận cuộc trò chuyện cần quyền handover:agent. Hãy đăng nhập bằng token có quyền đó.
handover-not-taken = Chưa có ai phụ trách cuộc trò chuyện này. Hãy gửi “take” trước.
handover-other-agent = Người khác đang phụ trách cuộc trò chuyện này. Hãy chờ đến khi được trả lại.
handover-empty = Không có gì để nói: hãy gửi kèm nội dung.

## Making and changing products

product-created = Đã tạo: { $title }
product-updated = Đã đổi: { $title }
product-unchanged = Đã như vậy, không có gì để đổi: { $title }
product-archived = Đã lưu trữ, không còn trong cửa hàng: { $title }
delete-one-by-one = Tôi chỉ lưu trữ từng sản phẩm một; chưa làm gì cả. Hãy cho biết sản phẩm nào.
sku-taken = Sản phẩm khác đã dùng SKU này; chưa tạo gì. Hãy chọn SKU khác hoặc đổi sản phẩm đó.
changed-meanwhile = Có người khác vừa thay đổi; chưa làm gì cả. Hãy xem lại rồi nhắc lại yêu cầu.
import-how = Hãy gửi tệp (CSV, JSON hoặc XLSX) kèm tin nhắn, hoặc dán các dòng bên dưới. Tôi sẽ cho xem trước điều gì sẽ xảy ra.
import-dry = Chỉ là chạy thử, chưa thay đổi gì. { $rows } dòng: { $created } mới, { $updated } thay đổi, { $skipped } giữ nguyên, { $failed } lỗi.
import-done = Đã nhập xong. { $rows } dòng: { $created } mới, { $updated } thay đổi, { $skipped } giữ nguyên, { $failed } lỗi.
import-running = Đang nhập; tôi sẽ báo khi xong.
import-row = Dòng { $row }
import-unreadable = Tôi không đọc được tệp này; chưa thay đổi gì. Hãy lưu dạng CSV UTF-8, JSON hoặc XLSX rồi gửi lại.
import-too-large = Tệp này quá lớn; chưa thay đổi gì. Hãy chia nhỏ và gửi từng phần.

## What waits for a yes

confirm-pay = { $count ->
   *[other] Tổng cộng { $amount } cho { $count } món. Tôi đặt hàng và tạo liên kết thanh toán nhé?
}
confirm-empty-basket = { $count ->
   *[other] Giỏ hàng có { $count } món. Xóa hết chứ?
}
confirm-delete = Lưu trữ “{ $title }”? Sản phẩm sẽ biến khỏi cửa hàng; đơn hàng vẫn giữ.
confirm-delete-baskets = { $count ->
   *[other] Hiện nó nằm trong { $count } giỏ hàng.
}
confirm-update = Đổi “{ $title }” như sau?
confirm-import = Tôi nhập thật bây giờ nhé?
confirm-send = Gửi tin này tới { $to }?
confirm-any = Việc này khó hoàn tác. Tôi làm nhé?
confirm-how = Trả lời “có” để làm, “không” để bỏ qua.
left-undone = Được, tôi đã không làm việc đó.
confirm-over = Câu hỏi đó đã hết hạn và chưa làm gì cả. Hãy nói lại điều bạn muốn.
nothing-open = Hiện không có gì chờ có hay không. Tôi có thể giúp gì cho bạn?
one-at-a-time = Hãy xong việc này trước. Rồi nói lại với tôi: “{ $rest }”
withheld = Một phần câu trả lời không xác minh được nên tôi đã bỏ. Vui lòng hỏi lại.

## Asking for what is missing

slot-quantity = Bạn muốn bao nhiêu?
slot-title = Sản phẩm tên là gì?
slot-price = Giá bao nhiêu?
slot-product = Sản phẩm nào? Hãy cho biết tên hoặc SKU.
slot-new-price = Cần đổi gì? Hãy cho biết giá, tồn kho hoặc trạng thái mới.
slot-address = Tôi nhắn tới e-mail hay số điện thoại nào?
slot-consent = Tôi có được lưu địa chỉ này chỉ cho tin nhắn này không?
slot-email = Tới địa chỉ e-mail nào?
slot-phone = Tới số điện thoại nào? Vui lòng kèm mã quốc gia.
slot-subject = Tiêu đề là gì?
slot-body = Nội dung tin nhắn là gì?

## Progress

progress-understanding = Tôi đang đọc tin nhắn của bạn …
progress-search = Tôi đang tìm trong cửa hàng …
progress-product = Tôi đang xem sản phẩm …
progress-basket = Tôi đang xem giỏ hàng của bạn …
progress-working = Tôi đang làm …

## Errors

error-unavailable = Phần của cửa hàng làm việc này ({ $service }) đang khởi động lại. Vui lòng thử lại sau { $seconds } giây.
error-uncertain = Phần của cửa hàng làm việc này ({ $service }) chưa xong, và tôi không biết việc đã được làm hay chưa. Hãy kiểm tra, ví dụ xem giỏ hàng, trước khi thử lại.
error-too-slow = Việc này mất quá lâu và đã bị dừng. Vui lòng thử lại sau giây lát.
error-busy = Tin nhắn trước của bạn vẫn đang được xử lý. Vui lòng thử lại sau giây lát.
error-cancelled = Đã dừng theo ý bạn. Những gì đã làm thì vẫn giữ.
error-draining = Dịch vụ này sắp khởi động lại. Vui lòng gửi lại tin nhắn sau { $seconds } giây.
error-api = Cửa hàng hiện không trả lời; không có gì bị mất. Vui lòng thử lại sau một phút.
error-authentication = Để làm việc đó tôi cần biết bạn là ai. Vui lòng đăng nhập rồi thử lại.
error-wrong-user = Kết nối này thuộc về “{ $user }”. Hãy gửi tên đó làm userId, hoặc đăng nhập bằng tài khoản khác.
error-reserved-user = Mã người dùng có tiền tố như whatsapp: do bộ kết nối đặt. Vui lòng gửi mã không có tiền tố.
error-admin-only = Chỉ bộ phận quản trị cửa hàng làm được việc đó. Hãy đăng nhập bằng tài khoản quản trị.
error-rate-limit = Quá nhiều cùng một lúc. Vui lòng chờ { $seconds } giây rồi gửi lại.
error-invalid-params = Cửa hàng không dùng được các thông tin này. Vui lòng nói cách khác.
error-internal = Phía chúng tôi có lỗi; không có gì khác được thực hiện. Vui lòng thử lại; nếu vẫn lỗi, hãy báo cho bộ phận hỗ trợ số { $correlation }.
error-too-many-waiting = Quá nhiều tin nhắn đang chờ trả lời. Hãy chờ vài câu trả lời trước khi gửi thêm.

## Frames that cannot be read

frame-too-deep = Khung lồng sâu hơn { $limit } tầng. Hãy làm phẳng bớt.
frame-not-json = Khung không phải JSON hợp lệ. Hãy gửi một đối tượng JSON mỗi khung, bằng UTF-8.
frame-not-an-object = Khung không phải là đối tượng. Hãy gửi một đối tượng JSON mỗi khung.
frame-duplicate-member = Khung nêu một trường hai lần. Hãy gửi mỗi trường một lần.
frame-no-type = Khung không có “type” lẫn “message”. Hãy gửi đối tượng có “type”.
frame-unknown-type = “type” của khung không được biết đến. Hãy dùng một trong: { $types }.
frame-missing = Thiếu trường “{ $field }”. { $rule }
frame-wrong = Trường “{ $field }” không hợp lệ. { $rule }
rule-type = Trường này nêu loại khung dưới dạng chuỗi.
rule-id = Đó là chuỗi từ 1 đến 128 ký tự.
rule-userId = Đó là mã người dùng của bạn: 1 đến 100 chữ cái, chữ số hoặc . _ @ + -
rule-message = Đó là văn bản từ 1 đến 4000 ký tự.
rule-clientType = Đó là một trong web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = Đó là thẻ ngôn ngữ BCP 47 như vi hoặc pt-BR.
rule-conversationId = Đó là chuỗi từ 1 đến 128 ký tự.
rule-attachments = Đó là danh sách tối đa 10 đối tượng có “uploadId” và “name”.
rule-stream = Giá trị là true hoặc false.
rule-metadata = Đó là một đối tượng.
rule-correct = Giá trị là true hoặc false.
rule-intent = Đó là chuỗi tối đa 64 ký tự.
rule-action = Giá trị là take, say hoặc return.
rule-text = Đó là chuỗi tối đa 4000 ký tự.
