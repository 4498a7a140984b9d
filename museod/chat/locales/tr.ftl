### Konuşmanın bütün metinleri Türkçe; anahtarlar ve değişkenler en.ftl dosyasındaki gibidir.

## Small talk

greeting = Merhaba! Mağazada arama yapar, fiyatları ve stokları söyler, sepetinizi tutarım. Ne arıyorsunuz?
help =
    Sizin için şunları yapabilirim:
    • ürün aramak: “iPhone 15 var mı?”
    • ayrıntı, fiyat ve stok bilgisi vermek: “İkincisi ne kadar?”
    • bir ürünle ilgili soruları yanıtlamak
    • sepetinizi doldurmak ve göstermek: “Siyahtan iki tane ekle”, “Sepetimde ne var?”
thanks = Rica ederim! Başka bir isteğiniz var mı?
goodbye = Hoşça kalın, ziyaretiniz için teşekkürler!
other = Ben mağazanın yardımcısıyım ve bunda yapabileceğim bir şey bulamadım. Ürün arayabilir, fiyat ve stok söyleyebilir, ürünlerle ilgili soruları yanıtlayabilir ve sepetinizi tutabilirim.
unsure = Ne demek istediğinizden emin değilim. Ne yapmak istersiniz?

## What a suggestion button shows and says

topic-product-search = Ürün ara
topic-product-search-message = Ürün ara
topic-product-info = Ürün ayrıntıları
topic-product-info-message = Ayrıntıları göster
topic-product-question = Ürün hakkında sor
topic-product-question-message = Bir ürün hakkında sorum var
topic-basket-add = Sepete ekle
topic-basket-add-message = Onu sepetime ekle
topic-basket-view = Sepetimi göster
topic-basket-view-message = Sepetimde ne var?
topic-basket-remove = Sepetten çıkar
topic-basket-remove-message = Onu sepetimden çıkar
topic-basket-update = Adedi değiştir
topic-basket-update-message = Sepetimdeki adedi değiştir
topic-checkout-pay = Öde
topic-checkout-pay-message = Ödeme yapmak istiyorum
topic-order-status = Siparişlerim
topic-order-status-message = Siparişim nerede?
topic-admin-product-create = Ürün oluştur
topic-admin-product-create-message = Bir ürün oluştur
topic-admin-product-import = Ürünleri içe aktar
topic-admin-product-import-message = Dosyadan ürünleri içe aktar
topic-admin-product-list = Ürünleri listele
topic-admin-product-list-message = Bütün ürünleri listele
topic-admin-product-update = Ürünü değiştir
topic-admin-product-update-message = Bir ürünü değiştir
topic-admin-product-delete = Ürünü sil
topic-admin-product-delete-message = Bir ürünü sil
topic-notify-send = Mesaj gönder
topic-notify-send-message = Bir mesaj gönder
topic-greeting = Merhaba de
topic-greeting-message = Merhaba
topic-help = Yardım
topic-help-message = Neler yapabilirsin?
topic-thanks = Teşekkürler
topic-thanks-message = Teşekkürler
topic-goodbye = Hoşça kal
topic-goodbye-message = Hoşça kal
topic-human-handover = Biriyle görüş
topic-human-handover-message = Bir insanla görüşmek istiyorum

## Not possible here yet

not-yet-basket-remove = Burada henüz sepetinizden ürün çıkaramıyorum; hiçbir şey değişmedi.
not-yet-basket-update = Burada henüz sepetinizdeki adetleri değiştiremiyorum; hiçbir şey değişmedi.
not-yet-checkout-pay = Burada henüz ödeme alamıyorum. Sepetiniz olduğu gibi duruyor.
not-yet-order-status = Burada henüz siparişlere bakamıyorum.
not-yet-admin-product-create = Burada henüz ürün oluşturamıyorum; hiçbir şey değişmedi.
not-yet-admin-product-import = Burada henüz ürünleri içe aktaramıyorum; hiçbir şey değişmedi.
not-yet-admin-product-list = Burada henüz ürünleri listeleyemiyorum.
not-yet-admin-product-update = Burada henüz ürünleri değiştiremiyorum; hiçbir şey değişmedi.
not-yet-admin-product-delete = Burada henüz ürün silemiyorum; hiçbir şey değişmedi.
not-yet-notify-send = Buradan henüz mesaj gönderemiyorum; hiçbir şey gönderilmedi.
not-yet-human-handover = Burada henüz sizi bir çalışma arkadaşıma bağlayamıyorum.
not-yet-other = Bunu burada henüz yapamıyorum; hiçbir şey değişmedi.
what-i-can = Yapabildiklerim: ürün aramak, fiyat ve stok söylemek, ürünlerle ilgili soruları yanıtlamak ve sepetinizi tutmak.
what-i-can-admin = Yapabildiklerim: ürünleri durumları, fiyatları ve stoklarıyla listelemek ve müşterilerin yapabildiği her şey.

## Products

search-results = { $count ->
    [one] “{ $query }” için bir ürün buldum:
   *[other] “{ $query }” için { $count } ürün buldum:
}
search-more-results = “{ $query }” için devamı:
search-corrected = “{ $query }” için arama yaptım.
search-what = Ne arıyorsunuz? Bir ürün, bir marka ya da bir ürün türü söyleyin.
search-empty = “{ $query }” için bir şey bulamadım.
search-did-you-mean = Şunu mu demek istediniz: { $suggestions }?
search-empty-remedy = Başka sözcüklerle ya da daha az sözcükle deneyin.
recommendations = { $count ->
    [one] Bu ilginizi çekebilir:
   *[other] Bu { $count } ürün ilginizi çekebilir:
}
recommendations-empty = Şu anda bunun için önerebileceğim bir şey yok.
price-from = { $price } fiyatından başlıyor
in-stock = stokta
sold-out = tükendi
stock-left = { $available ->
    [0] tükendi
   *[other] stokta { $available } adet
}
product-simple = { $title }: { $price } ({ $stock }).
product-variants = { $count ->
    [one] { $title } tek seçenekle sunuluyor:
   *[other] { $title } için { $count } seçenek var:
}
product-variants-chosen = { $count ->
    [one] { $title }, istediğiniz seçenek:
   *[other] { $title }, istediğiniz { $count } seçenek:
}
product-unknown = “{ $name }” adlı bir ürün bilmiyorum.
product-unknown-remedy = Ne aradığınızı söyleyin, mağazada arayayım.
product-gone = { $title } artık satılmıyor.
also-found = Ayrıca bulduklarım: { $titles }.
which-product = Hangi ürünü kastediyorsunuz?
which-of-these = Hangisini kastediyorsunuz?
which-product-remedy = Adını söyleyin ya da önce arayın.
compare-lead = Karşılaştırma şöyle:
compare-empty = Bu ürünleri karşılaştıramadım.
show-more = Daha fazla göster
show-more-message = Daha fazla göster
label-price = Fiyat
label-stock = Stok
label-product = Ürün
label-status = Durum
label-date = Tarih
label-total = Toplam
label-order = Sipariş
yes = Evet
no = Hayır

## Questions about products

answer-unknown = Bu konuda bilgim yok.
facts-instead = Bunu burada henüz değerlendiremiyorum; katalogda yazan şu:

## Basket

added = { $quantity ->
    [one] Sepetinize eklendi: { $quantity } × { $title }, { $price }.
   *[other] Sepetinize eklendi: { $quantity } × { $title }, tanesi { $price }.
}
basket-sum = { $count ->
    [one] Sepetinizde şimdi bir ürün var, toplam { $total }.
   *[other] Sepetinizde şimdi { $count } ürün var, toplam { $total }.
}
basket-lead = { $count ->
    [one] Sepetinizde bir ürün var:
   *[other] Sepetinizde { $count } ürün var:
}
basket-line = { $quantity } × { $title }: { $total }
basket-total = Toplam: { $total }
basket-empty = Sepetiniz boş.
line-insufficient = stok yetersiz
line-unavailable = artık bulunmuyor
notice-price_changed = Eklediğinizden beri bir fiyat değişti.
notice-quantity_reduced = Bir adet, stoktaki miktara indirildi.
notice-line_unavailable = Sepetinizdeki bir ürün artık bulunmuyor.
choose-option = { $title } için { $axis } seçin: { $values }?
choose-option-plain = Lütfen { $axis } seçin: { $values }?
axis-storage = depolama
axis-color = renk
axis-size = beden
axis-material = malzeme
short-stock = { $available ->
    [one] { $title }: yalnızca bir tane kaldı; hiçbir şey eklenmedi. Onu ekleyeyim mi?
   *[other] { $title }: yalnızca { $available } tane kaldı; hiçbir şey eklenmedi. Onun yerine { $available } tane ekleyeyim mi?
}
short-stock-unknown = { $title }: stok yetersiz; hiçbir şey eklenmedi. Daha az adetle deneyin.
sold-out-title = { $title } tükendi; hiçbir şey eklenmedi.
quantity-limit = { $limit ->
    [0] { $title }: bir siparişte bu kadar olamaz; hiçbir şey eklenmedi.
   *[other] { $title }: sipariş başına en çok { $limit } adet; hiçbir şey eklenmedi.
}
quantity-range = Bir seferde { $minimum } ile { $maximum } arasında adet ekleyebilirim; hiçbir şey eklenmedi.
the-product = bu ürün

## Orders

orders-lead = { $count ->
    [one] Son siparişiniz:
   *[other] Son { $count } siparişiniz:
}
orders-empty = Henüz siparişiniz yok.
order-unknown = Hesabınızda böyle bir sipariş bulamıyorum.

## Administration

admin-list-lead = { $count ->
    [one] Bir ürün:
   *[other] { $count } ürün:
}
admin-list-empty = Eşleşen ürün yok.
status-draft = taslak
status-active = etkin
status-archived = arşivde

## Changing the basket

basket-changed = Değiştirildi: { $quantity } × { $title }.
basket-removed = Sepetinizden çıkarıldı: { $title }.
basket-emptied = Sepetiniz artık boş.
which-line = Sepetinizdeki hangisini kastediyorsunuz?
line-not-found = Bu sepetinizde yok; hiçbir şey değiştirilmedi.
alert-offer = Tekrar geldiğinde size haber vereyim mi?

## Paying and orders

pay-link = Sipariş { $number }: { $amount } tutarını buradan ödeyin: { $url }
pay-link-plain = Sipariş { $number }: buradan ödeyin: { $url }
pay-until = Bağlantı şu ana kadar geçerli: { $until }.
pay-empty = Sepetiniz boş; ödenecek bir şey yok.
pay-provider = Nasıl ödemek istersiniz?
pay-down = Bu ödeme yöntemi şu anda yanıt vermiyor; hiçbir şey sipariş edilmedi. Lütfen bir dakika sonra tekrar deneyin.
pay-others = Diğer ödeme yöntemleri: { $values }.
pay-not-payable = { $number } numaralı sipariş artık ödenemez. Nedenini görmek için siparişlerinizi sorun.
pay-changed = Gördüğünüzden beri bir şey değişti; hiçbir şey sipariş edilmedi.
order-delivery = tahmini { $date }
order-status-pending_payment = ödeme bekliyor
order-status-paid = ödendi
order-status-processing = hazırlanıyor
order-status-shipped = yolda
order-status-delivered = teslim edildi
order-status-cancelled = iptal edildi
order-status-expired = zamanında ödenmediği için süresi doldu
order-status-refunded = iade edildi

## Alerts, messages, a colleague

alert-made = { $title } yeniden geldiğinde size bir kez yazacağım.
alert-in-stock = İyi haber: { $title } stokta. Sepetinize ekleyeyim mi?
sent = Mesajınız gönderildi.
sent-later = Mesajınız bekliyor ve hizmet kabul eder etmez gönderilecek.
sent-suppressed = Gönderilmedi: alıcı bu tür mesajlara onay vermemiş.
handover-queued = Bir iş arkadaşımdan devralmasını istedim ({ $ticket }). O gelene kadar yardıma devam ediyorum.
handover-minutes = { $minutes ->
    [one] Bu genellikle bir dakika sürer.
   *[other] Bu genellikle yaklaşık { $minutes } dakika sürer.
}
handover-human = Bu görüşme bir iş arkadaşımda; mesajınızı okuyor.
handover-taken = Bir iş arkadaşım şimdi burada ve size yanıt veriyor.
handover-returned = Asistan yeniden hizmetinizde.
handover-not-allowed = Görüşme devralmak için handover:agent yetkisi gerekir. Bu yetkiye sahip bir belirteçle giriş yapın.
handover-not-taken = Bu görüşme kimsede değil. Önce “take” gönderin.
handover-other-agent = Bu görüşme başka birinde. Geri verilmesini bekleyin.
handover-empty = Söylenecek bir şey yok: çerçeveyi bir metinle gönderin.

## Making and changing products

product-created = Oluşturuldu: { $title }
product-updated = Değiştirildi: { $title }
product-unchanged = Zaten böyle, değiştirilecek bir şey yok: { $title }
product-archived = Arşivlendi, artık mağazada değil: { $title }
delete-one-by-one = Ürünleri yalnızca tek tek arşivlerim; hiçbir şey yapılmadı. Hangisi olduğunu söyleyin.
sku-taken = Başka bir ürünün SKU'su zaten bu; hiçbir şey oluşturulmadı. Başka bir SKU seçin ya da o ürünü değiştirin.
changed-meanwhile = Bu arada başkası değiştirdi; hiçbir şey yapılmadı. Tekrar bakın ve isteğinizi yineleyin.
import-how = Mesajınızla bir dosya (CSV, JSON veya XLSX) gönderin ya da satırları altına yapıştırın. Önce ne olacağını gösteririm.
import-dry = Yalnızca deneme, hiçbir şey değiştirilmedi. { $rows } satır: { $created } yeni, { $updated } değişen, { $skipped } aynı kalan, { $failed } hatalı.
import-done = İçe aktarma tamamlandı. { $rows } satır: { $created } yeni, { $updated } değişen, { $skipped } aynı kalan, { $failed } hatalı.
import-running = İçe aktarma sürüyor; bitince haber veririm.
import-row = Satır { $row }
import-unreadable = Bu dosyayı okuyamıyorum; hiçbir şey değiştirilmedi. UTF-8 CSV, JSON veya XLSX olarak kaydedip tekrar gönderin.
import-too-large = Bu dosya çok büyük; hiçbir şey değiştirilmedi. Bölüp parçaları gönderin.

## What waits for a yes

confirm-pay = { $count ->
    [one] Bir ürün için toplam { $amount }. Sipariş verip ödeme bağlantısını oluşturayım mı?
   *[other] { $count } ürün için toplam { $amount }. Sipariş verip ödeme bağlantısını oluşturayım mı?
}
confirm-empty-basket = { $count ->
    [one] Sepetinizde bir ürün var. Tamamen boşaltayım mı?
   *[other] Sepetinizde { $count } ürün var. Tamamen boşaltayım mı?
}
confirm-delete = “{ $title }” arşivlensin mi? Mağazadan kalkar; siparişler kalır.
confirm-delete-baskets = { $count ->
    [one] Şu anda bir sepette.
   *[other] Şu anda { $count } sepette.
}
confirm-update = “{ $title }” şöyle değiştirilsin mi?
confirm-import = Şimdi gerçekten içe aktarayım mı?
confirm-send = Bu mesaj şu alıcıya gönderilsin mi: { $to }?
confirm-any = Bu kolayca geri alınamaz. Yapayım mı?
confirm-how = Yapmak için “evet”, bırakmak için “hayır” yazın.
left-undone = Tamam, yapmadım.
confirm-over = O sorunun süresi doldu ve hiçbir şey yapılmadı. Lütfen ne istediğinizi tekrar söyleyin.
nothing-open = Şu anda evet ya da hayır bekleyen bir şey yok. Sizin için ne yapabilirim?
one-at-a-time = Önce bunu bitirelim. Sonra tekrar söyleyin: “{ $rest }”
withheld = Yanıtımın bir kısmı doğrulanamadığı için çıkardım. Lütfen tekrar sorun.

## Asking for what is missing

slot-quantity = Kaç tane istersiniz?
slot-title = Ürünün adı nedir?
slot-price = Fiyatı ne olsun?
slot-product = Hangi ürün? Adını ya da SKU'sunu söyleyin.
slot-new-price = Ne değişsin? Yeni fiyatı, stoğu ya da durumu söyleyin.
slot-address = Hangi e-posta adresine ya da telefona yazayım?
slot-consent = Bu adresi yalnızca bu tek mesaj için saklayabilir miyim?
slot-email = Hangi e-posta adresine?
slot-phone = Hangi numaraya? Lütfen ülke koduyla.
slot-subject = Konu nedir?
slot-body = Mesajda ne yazsın?

## Progress

progress-understanding = Mesajınızı okuyorum …
progress-search = Mağazada arıyorum …
progress-product = Ürüne bakıyorum …
progress-basket = Sepetinizle ilgileniyorum …
progress-working = Üzerinde çalışıyorum …

## Errors

error-unavailable = { $seconds ->
    [one] Mağazanın bunu yapan bölümü ({ $service }) yeniden başlıyor. Lütfen bir saniye sonra yine deneyin.
   *[other] Mağazanın bunu yapan bölümü ({ $service }) yeniden başlıyor. Lütfen { $seconds } saniye sonra yine deneyin.
}
error-uncertain = Mağazanın bunu yapan bölümü ({ $service }) bitiremedi ve yapılıp yapılmadığını bilmiyorum. Yeniden denemeden önce, örneğin sepetinize bakarak, denetleyin.
error-too-slow = Bu çok uzun sürdü ve durduruldu. Lütfen birazdan yine deneyin.
error-busy = Önceki mesajınız üzerinde hâlâ çalışılıyor. Lütfen birazdan yine deneyin.
error-cancelled = İsteğiniz üzerine durduruldu. Yapılmış olan kalır.
error-draining = Bu hizmet yeniden başlamak üzere. Lütfen mesajınızı { $seconds } saniye sonra yine gönderin.
error-api = Mağaza şu anda yanıt vermiyor; hiçbir şey kaybolmadı. Lütfen bir dakika sonra yine deneyin.
error-authentication = Bunun için kim olduğunuzu bilmem gerekiyor. Lütfen oturum açıp yine deneyin.
error-wrong-user = Bu bağlantı “{ $user }” kullanıcısına ait. Onu userId olarak gönderin ya da başka hesapla oturum açın.
error-reserved-user = whatsapp: gibi bir ön eki yalnızca bağlayıcılar koyar. Lütfen ön eksiz bir kimlik gönderin.
error-admin-only = Bunu yalnızca mağaza yönetimi yapabilir. Bir yönetici hesabıyla oturum açın.
error-rate-limit = { $seconds ->
    [one] Bir seferde çok fazla oldu. Lütfen bir saniye bekleyip yine gönderin.
   *[other] Bir seferde çok fazla oldu. Lütfen { $seconds } saniye bekleyip yine gönderin.
}
error-invalid-params = Mağaza bu bilgileri kullanamadı. Lütfen başka sözcüklerle söyleyin.
error-internal = Bizim tarafımızda bir şeyler ters gitti; başka bir şey yapılmadı. Lütfen yine deneyin; sürerse desteğe şu numarayı söyleyin: { $correlation }.
error-too-many-waiting = Çok fazla mesaj yanıt bekliyor. Daha fazla göndermeden önce birkaçını bekleyin.

## Frames that cannot be read

frame-too-deep = Çerçeve { $limit } düzeyden derin. Düzleştirin.
frame-not-json = Çerçeve geçerli JSON değil. Her çerçevede UTF-8 ile bir JSON nesnesi gönderin.
frame-not-an-object = Çerçeve bir nesne değil. Her çerçevede bir JSON nesnesi gönderin.
frame-duplicate-member = Çerçevede bir alan iki kez geçiyor. Her alanı bir kez gönderin.
frame-no-type = Çerçevede ne “type” ne de “message” var. “type” içeren bir nesne gönderin.
frame-unknown-type = Çerçevenin “type” değeri bilinmiyor. Şunlardan birini kullanın: { $types }.
frame-missing = “{ $field }” alanı eksik. { $rule }
frame-wrong = “{ $field }” alanı geçerli değil. { $rule }
rule-type = Çerçevenin türünü metin olarak belirtir.
rule-id = 1 ile 128 karakter arasında bir metindir.
rule-userId = Kullanıcı kimliğinizdir: 1 ile 100 arasında harf, rakam ya da . _ @ + -
rule-message = 1 ile 4000 karakter arasında bir metindir.
rule-clientType = Şunlardan biridir: web-admin, web-storefront, whatsapp, instagram, mobile, cli.
rule-locale = tr ya da pt-BR gibi bir BCP 47 dil etiketidir.
rule-conversationId = 1 ile 128 karakter arasında bir metindir.
rule-attachments = “uploadId” ve “name” içeren en çok 10 nesnelik bir listedir.
rule-stream = true ya da false olur.
rule-metadata = Bir nesnedir.
rule-correct = true ya da false olur.
rule-intent = En çok 64 karakterlik bir metindir.
rule-action = take, say ya da return olur.
rule-text = En çok 4000 karakterlik bir metindir.
