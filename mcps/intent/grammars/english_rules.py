"""
English: how each intent is said.

Confidence: 0.97 nothing else can be meant · 0.9 hardly anything else · 0.8 the usual meaning · 0.7 more often
than not · 0.6 a guess worth making. Where two rules match, the higher one decides.
"""

from __future__ import annotations

from mcps.intent.grammar import Rule
from mcps.intent.intents import Intent

_SEARCH, _INFO, _QUESTION = Intent.PRODUCT_SEARCH, Intent.PRODUCT_INFO, Intent.PRODUCT_QUESTION
_ADD, _VIEW, _REMOVE, _UPDATE = (
    Intent.BASKET_ADD,
    Intent.BASKET_VIEW,
    Intent.BASKET_REMOVE,
    Intent.BASKET_UPDATE,
)
_PAY, _ORDER, _NOTIFY, _HUMAN = (
    Intent.CHECKOUT_PAY,
    Intent.ORDER_STATUS,
    Intent.NOTIFY_SEND,
    Intent.HUMAN_HANDOVER,
)
_CREATE, _IMPORT, _LIST = Intent.ADMIN_CREATE, Intent.ADMIN_IMPORT, Intent.ADMIN_LIST
_CHANGE, _DELETE = Intent.ADMIN_UPDATE, Intent.ADMIN_DELETE
_OTHER = Intent.OTHER

_AFTER_PRODUCTS = frozenset({_SEARCH, _INFO, _QUESTION})
_AFTER_BASKET = frozenset({_VIEW, _ADD, _REMOVE, _UPDATE})

MACROS = {
    "basket": r"(?:(?:shopping|my|the|our|this|that) )*(?:basket|cart|trolley)|(?:(?:my|the) )?shopping bag|my bag",
    "order": r"orders?|parcels?|packages?|shipments?|delivery|purchases?|stuff i (?:bought|ordered)",
    "n": r"\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a dozen|a couple|a pair",
    "show": r"show|display|see|view|open|check|look at|look into|list|review|pull up|bring up|give|read",
    "person": r"(?:(?:a|an|the|some|your|one of your|real|actual|live|human|support|service|sales|customer) )*"
    r"(?:human(?: being)?|person|people|agent|advisor|adviser|representative|rep|operator|employee"
    r"|staff(?: member)?|team(?: member)?|manager|supervisor|colleague|consultant)"
    r"|(?:customer|human|live|technical|tech) (?:service|support|care)|help ?desk|call cent(?:er|re)",
    "field": r"prices?|stock(?: level)?|inventory|titles?|names?|descriptions?|brands?|categor(?:y|ies)|status"
    r"|images?|pictures?|photos?|skus?|tags?|weights?|attributes?|availability",
    "product": r"products?|items?|articles?|listings?|skus?|drafts?",
    "shop": r"shop|store|catalog(?:ue)?|inventory|assortment|database|range|webshop|website|site|listings?",
    "channel": r"emails?|mails?|sms|texts?|text messages?|whatsapps?|whatsapp messages?|messages?|newsletters?"
    r"|notifications?|reminders?|notices?",
    "file": r"files?|csv|tsv|excel|xlsx?|spreadsheets?|worksheets?|jsonl?|feeds?|attachments?|attached \w+|uploads?",
    "place": r"(?:the )?(?:first|second|third|fourth|fifth|sixth|last|next|[1-9](?:st|nd|rd|th))(?: (?:one|option"
    r"|product|item|result|choice|in (?:the|your) list|on (?:the|your) list))?|(?:number|option|no|nr) (?:\d|one"
    r"|two|three|four|five)",
    "it": r"it|this|that|these|those|them|they|this one|that one|the (?:same|one)",
    "hello": r"hi+|hello+|hey+(?: there)?|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|hi there"
    r"|hello there|good to see you|welcome",
    "thank": r"(?:(?:many|a million|big|ok|okay|great|perfect|cool|no|yes|super|awesome) )*thanks?(?: you)?"
    r"(?: (?:so|very) much| a lot| a bunch| a million| a ton| again| anyway| indeed)*",
    "alert": r"let me know|tell me|notify me|alert me|inform me|ping me|email me|text me|message me|remind me"
    r"|drop me a line|send me (?:an? )?(?:\w+ )?(?:alert|email|text|message|notification|notice)",
    "topic": r"returns?|refunds?|exchanges?|warrant(?:y|ies)|guarantees?|shipping|delivery|payment|privacy"
    r"|cancellation|opening|store|business|customs|import|postage|express|pick ?up",
    "term": r"polic(?:y|ies)|costs?|fees?|times?|options?|methods?|hours|periods?|conditions?|terms|charges?"
    r"|windows?|rules?|rates?|process|address",
}

_TAIL = r"(?: (?:please|now|then|today|for me|thanks|again|so far|right now|quickly))*$"

RULES: tuple[Rule, ...] = (
    # ---------------------------------------------------------------- courtesies
    Rule(Intent.GREETING, 0.97, r"^(?:<hello>)(?: (?:<hello>|all|everyone|team|guys|folks|again|friend|bot|museo|"
         r"assistant|you|to you|sir|madam|how are you(?: doing)?(?: today)?|how is it going|what is up))*$"),
    Rule(Intent.GREETING, 0.85, r"^(?:how are you|how is it going|how do you do|what is up|sup|nice to meet you|"
         r"(?:are you|is (?:any|some)(?:body|one)) (?:there|here|online|awake)|any(?:body|one) (?:there|here|home))"
         r"(?: (?:doing|today|bot|right now))*$"),
    Rule(Intent.THANKS, 0.96, r"^(?:<thank>|cheers|much obliged|(?:that is )?much appreciated|appreciated)"
         r"(?: (?:for|you|that|this|it|mate|guys|team|bot|everyone|all|your|the|help|helping|me|info|information|"
         r"quick|reply|answer|explaining|is|was|great|perfect|kind|of|so|very|helpful|really|helped|me|out))*$"),
    Rule(Intent.THANKS, 0.93, r"\bi (?:really |do |truly )?appreciate (?:it|that|this|your|the)\b"),
    Rule(Intent.THANKS, 0.9, r"^(?:wow )?(?:you are|you have been|u r|(?:this|that|it) (?:is|was|has been)|that) "
         r"(?:(?:very|so|really|super|just|exactly|extremely|most) )*(?:helpful|the best|great|awesome|amazing|kind|"
         r"a star|a lifesaver|brilliant|perfect|wonderful|excellent|what i (?:needed|wanted)|helps?(?: a lot)?|helped)$"),
    Rule(Intent.THANKS, 0.75, r"^(?:great|good|nice|excellent|amazing|fantastic|awesome|brilliant|well)"
         r"(?: (?:job|work|one|done|stuff|help|service))$|^(?:great|perfect|awesome|brilliant|excellent|lovely|"
         r"wonderful|fantastic|cool|legend|super|nice)$"),
    Rule(Intent.GOODBYE, 0.97, r"^(?:(?:ok|okay|alright|well|right|<thank>|no|and|so|cheers) )*(?:good ?bye|bye+(?: ?bye)?|"
         r"see (?:you|ya)|cya|ciao|farewell|take care|good ?night|so long|adios|until next time|till next time|"
         r"catch you later|talk (?:to you )?(?:later|soon|tomorrow)|ttyl|later|laters|"
         r"have an? (?:nice|good|great|lovely|wonderful|pleasant) (?:day|evening|night|weekend|one|afternoon|time))"
         r"(?: (?:now|for|then|later|soon|around|tomorrow|next|time|everyone|all|bot|guys|again|and|take|care|have|"
         r"good|bye|thanks|thank|you|a|nice|great|day|evening|night|weekend|too|the))*$"),
    Rule(Intent.GOODBYE, 0.92, r"^(?:(?:ok|okay|alright|<thank>|no|and) )*(?:that (?:is|will be|would be) (?:all|it|everything)|"
         r"nothing (?:else|more)|no (?:more|further|other) questions?|i (?:am|think i am) (?:done|finished|good|all set|"
         r"off|leaving)|i (?:have to|must|should|need to) (?:go|run|leave)(?: now)?|i will (?:be|come) back "
         r"(?:later|another time|tomorrow|soon)|i (?:do not )?need nothing else)"
         r"(?: (?:for|now|today|thanks|thank|you|then|from|me|bye|i|need|needed|wanted))*$"),
    Rule(Intent.HELP, 0.96, r"^(?:i (?:need|want|could use|require) |some |can i get |get me )*(?:(?:some|a bit of|a little|"
         r"your|any) )*(?:help|assistance|a hand|guidance)(?: (?:me|out|please|with this|here|menu|page))*$|"
         r"^(?:help|assist) me(?: out)?$|^(?:you )?help me(?: please)?$|^menu$|^commands?$|^instructions$|^faq$|^guide$"),
    Rule(Intent.HELP, 0.95, r"\bwhat (?:all )?(?:can|could|do|should|may) (?:you|i|we|one|this (?:bot|chat|assistant|thing)|"
         r"the (?:bot|assistant)|it) (?:do|help|assist|ask|say|type|write|know|offer me|order you|tell you)\b(?!.*\b(?:return|"
         r"refund|broken|wrong|about my)\b)"),
    Rule(Intent.HELP, 0.94, r"\bhow (?:do|does|can|should|would) (?:i|this|it|you|one|we|the (?:bot|chat|assistant)|this "
         r"(?:bot|chat|assistant|thing|shop|site)) (?:use (?:this|you|it|the (?:bot|chat|assistant))|work|start|begin|"
         r"get started|talk to you|ask you|help)\b"),
    Rule(Intent.HELP, 0.93, r"\b(?:what|which) (?:are|is) (?:you|your|the|my|this) (?:able|capable|capabilit\w+|features?|functions?|"
         r"commands?|options|bot|chat(?:bot)? for|possibilities)|^(?:<show>|tell|explain)(?: me)? (?:(?:the|your|all|what) )*"
         r"(?:commands|menu|features|capabilities|functions|instructions|help|you can do|i can (?:do|ask|say))"),
    Rule(Intent.HELP, 0.9, r"^i (?:am|feel|got) (?:a bit |totally |completely |so )?(?:lost|stuck|confused|new here)\b|"
         r"\bi do not (?:know|understand) (?:what|how|where)(?: i| to)? ?(?:can|could|should)? ?(?:do|use|start|ask|this|say|"
         r"begin|works?)\b|^(?:who|what) are you$|^what is (?:this|your (?:purpose|job))(?: (?:bot|chat|thing|place|for))*$"),
    Rule(Intent.HELP, 0.88, r"\bwhat (?:kind|kinds|sort|sorts|type|types) of (?:things|stuff|help|questions|requests)\b"),
    # ---------------------------------------------------------------- a person
    Rule(_HUMAN, 0.97, r"\b(?:talk|speak|chat|connect|transfer|put|pass|forward|switch|hand|escalate|redirect|get|message|"
         r"write|turn)(?: (?:me|us|this|it|over|directly|through|on|in touch))* (?:to|with|through to|over to|on to|onto)"
         r" (?:<person>|someone|somebody|support)\b"),
    Rule(_HUMAN, 0.95, r"\b(?:want|need|get|give|like|prefer|is there|are there|find|call|contact|bring|reach|ask for|have|"
         r"fetch|summon)(?: me| us| in| for)?(?: to (?:call|contact|reach))?(?: (?:a|an|the|your|some|any))? "
         r"(?:(?:real|actual|live|human|support|service|customer|sales) )*(?:human|agent|representative|rep|operator|"
         r"manager|supervisor|customer (?:service|support|care)|(?:real|actual|live|human|support) (?:person|people|staff|"
         r"employee|being))\b"),
    Rule(_HUMAN, 0.95, r"^(?:(?:a|the|live|real|human) )*(?:human|agent|operator|representative|person|support|"
         r"customer (?:service|support|care)|live chat|someone real)$"),
    Rule(_HUMAN, 0.92, r"\b(?:not|stop talking to|tired of|hate|sick of|than) (?:with )?(?:a |an |the |this |talking to (?:a |this )?)*"
         r"(?:bots?|chatbots?|robots?|machines?|computers?|ai)\b|\b(?:useless|stupid|dumb|terrible|annoying) (?:bot|robot|"
         r"machine|chatbot|assistant)\b|\bbot is (?:useless|stupid|not helping|terrible)"),
    Rule(_HUMAN, 0.92, r"\b(?:make|file|lodge|submit|have|register|raise|want|like)(?: to)? (?:a |an )?(?:formal |official |serious )*"
         r"complain(?:t)?\b|\bi want to complain\b|\bescalate (?:this|it|my|the)\b|\bhuman being\b"),
    Rule(_HUMAN, 0.92, r"\b(?:can|could|have|let|get|may|will) (?:someone|somebody|anyone|anybody|a person|one of you)\b.{0,25}"
         r"\b(?:call|help|contact|ring|phone|assist|look|speak|talk)\b|^(?:please )?(?:call|ring|phone) me(?: back)?\b"),
    Rule(_HUMAN, 0.8, r"\b(?:speak|talk|chat) (?:to|with) (?:you|people) (?:in person|on the phone)|\bphone (?:call|number)\b|"
         r"\byou do not understand(?: me)?\b|\bthis is (?:not working|useless|frustrating)\b"),
    Rule(_HUMAN, 0.72, r"\bcancel (?:my|the|this|an) <order>\b|\bchange (?:my|the) (?:delivery |shipping )?address\b|"
         r"\b(?:arrived|came|is|was) (?:broken|damaged|defective|faulty|wrong|incomplete)\b"),
    # ---------------------------------------------------------------- orders
    Rule(_ORDER, 0.96, r"\bwhere(?: the \w+)? (?:is|are|has|did|was)\b.{0,25}\b(?:<order>|refund|stuff|courier|driver)\b"),
    Rule(_ORDER, 0.96, r"\btrack(?:ing)?\b.{0,30}\b(?:<order>|number|it|status|link|info\w*|code|§number)\b|^track\b|"
         r"\btrack(?:ing)? (?:my|the|an?)\b"),
    Rule(_ORDER, 0.95, r"\b(?:status|state|progress|updates?|whereabouts|news|eta|info\w*)\b.{0,20}\b(?:of|on|about|for|regarding|with)\b"
         r".{0,15}\b(?:<order>|§number)\b|\b(?:order|parcel|package|delivery|shipment|shipping) (?:status|tracking|update|history|"
         r"progress|eta)\b"),
    Rule(_ORDER, 0.95, r"\b(?:has|have|did|was|were|is|are|when|why)\b.{0,20}\b(?:my|the|our|§number|order|parcel|package)\b.{0,40}"
         r"\b(?:shipped|ship|sent(?: out)?|left|arrived?|arriving|delivered|dispatched|here yet|on (?:its|the) way|go(?:ne)? "
         r"through|get here|confirmed|processed|late|delayed|stuck|lost|out for delivery|take so long|taking so long)\b"),
    Rule(_ORDER, 0.93, r"\b(?:when|what time|what day|which day|how (?:long|soon))\b.{0,25}\b(?:my|the|it|they|i|§number)\b.{0,35}"
         r"\b(?:arrive|be delivered|be here|get here|come|reach me|show up|be shipped|be sent|get my|receive (?:my|it|the)|"
         r"expect (?:my|the|it))\b"),
    Rule(_ORDER, 0.92, r"\b(?:have|has|did) (?:still )?(?:not|never)(?: yet| even)? (?:been )?(?:receive[d]?|arrived?|gotten|got|get|come|"
         r"came|show(?:ed)? up|ship(?:ped)?|delivered)\b|\b(?:never|not yet) (?:arrived|received|came|shipped)\b|"
         r"\bstill (?:waiting|have not)\b.{0,20}\b(?:for|on|received|got)\b"),
    Rule(_ORDER, 0.95, r"\b(?:<show>|find|what are|get)(?: me)?(?: all)?(?: of)? (?:my|the|our|an?) (?:(?:recent|last|latest|past|previous|"
         r"old|open|current|pending) )*(?:orders?|purchases|order history)\b(?!.{0,20}\bconfirmation)"),
    Rule(_ORDER, 0.93, r"^(?:(?:my|the|about|recent|last|latest|past|previous|open) )*(?:orders?|order history|purchases|parcel|package)"
         r"(?: §number)?$|^(?:my |the |it is |for )*order §number$"),
    Rule(_ORDER, 0.9, r"\bwhat (?:happened|is happening|is going on|is up|about)\b.{0,10}\b(?:<order>|§number)\b|"
         r"\bwhat (?:did|have) i (?:order|buy|bought|ordered|purchased?)\b|\b(?:check|look up|find|update on)\b.{0,20}§number"),
    Rule(_ORDER, 0.85, r"§number|\bany (?:news|update) (?:on|about|from) (?:my|the)\b|\bmissing (?:parcel|package|delivery|order)\b"),
    # ---------------------------------------------------------------- paying
    Rule(_PAY, 0.96, r"^(?:proceed |go |take me |move |continue |straight )*(?:to )?(?:the )?check ?out" + _TAIL + r"|"
         r"\b(?:ready|want|like|proceed|go|going|take me|continue|move|time|let us|bring me|need)\b.{0,12}\bcheck ?out\b(?! (?:the|these|those|"
         r"some|your|a|an|new)\b)|\bcheck ?out (?:my|the|this) (?:basket|cart|order|items)\b|^(?:can|may|let) (?:i|me|us) check ?out\b"),
    Rule(_PAY, 0.97, r"\b(?:payment|pay|paying|checkout|check-?out) (?:link|url|page|button|form)\b|\blink (?:to|for) (?:pay\w*|the payment|checkout)\b"),
    Rule(_PAY, 0.95, r"\b(?:want|like|ready|need|let me|let us|able|time|how do i|i am|we are|i will|i would like)\b.{0,15}\b(?:pay|paying|"
         r"make (?:a|the|my) payment)\b(?! (?:with|by|in|via|using|on|later|attention)\b)|^pay(?: (?:now|for|my|the|it|with|by|via|here|"
         r"everything|please)\b.*)?$"),
    Rule(_PAY, 0.95, r"\b(?:place|submit|complete|finish|finali[sz]e|confirm|send off|wrap up|close)\b.{0,12}\b(?:order|purchase|checkout|"
         r"shopping|transaction|payment)\b"),
    Rule(_PAY, 0.95, r"\b(?:buy|order|purchase|pay for|take|get) (?:everything|all)(?: (?:of )?(?:it|this|that|these|them|items|my items))?"
         r"(?:$| now\b| please\b|.{0,10}\b(?:in|from) <basket>)|\b(?:buy|order|purchase|pay(?: for)?)\b.{0,30}\b<basket>\b"),
    Rule(_PAY, 0.92, r"\b(?:ready|want|like|going|time) to (?:order|buy|purchase|finish|complete|pay)(?: now| please| it now)*$|"
         r"^(?:order|buy|purchase) (?:it )?now$|\btake my money\b|\bmake (?:a |the |my )?payment\b|\bproceed (?:to|with) (?:the )?"
         r"(?:payment|purchase|order)\b|\bgo to payment\b|\bsettle (?:up|the bill)\b|^(?:the )?bill$"),
    Rule(_PAY, 0.88, r"^(?:i (?:will|would like to|want to) )?pay (?:with|by|via|using|in) \w+|\b(?:charge|use) my (?:credit |debit )?card\b"),
    Rule(_PAY, 0.78, r"\b(?:how|where) (?:do|can|should) i pay\b"),
    # ---------------------------------------------------------------- the basket
    Rule(_ADD, 0.97, r"\b(?:add|put|place|drop|throw|toss|stick|pop|include|chuck|slip|move|save|want|get|need|have)\b.{0,120}\b(?:in|into|to|"
         r"inside|on)(?: to)? <basket>\b"),
    Rule(_ADD, 0.9, r"^(?:(?:also|and|then|ok|yes|just) )*add\b(?!.*\b(?:new product|a product|<shop>|to stock|description|picture|image)\b)"),
    Rule(_ADD, 0.92, r"\b(?:i will|i would like to|i want to|let me|can i|could i|may i|we will|i am going to|i would|i think i will)\b.{0,12}"
         r"\b(?:take|have|grab|get|buy|order|purchase|go (?:for|with))\b(?: me)? (?:just )?(?:<it>|both|<n>|the)\b(?!.{0,25}\b(?:back|discount|"
         r"refund|returned|out of|out$|off$|price|invoice|receipt|checkout|link|manager|status)\b)"),
    Rule(_ADD, 0.9, r"^(?:(?:ok|okay|yes|alright|great|just|then|and) )*(?:take|get|buy|order|purchase|grab|reserve|give|bring)(?: me| us)? "
         r"(?:just )?(?:<n>|<it>|both|the)\b(?!.{0,40}\b(?:out|off|back|away|from|link|price|details?|info|status|list|rid|number|"
         r"shop|store)\b)"),
    Rule(_ADD, 0.86, r"\bi (?:will|would like to) (?:take|go for|go with)\b"),
    Rule(_ADD, 0.85, r"\b(?:want|need|like|take|have)(?: to (?:buy|order|get|have|purchase))? (?:<n>)(?: (?:x|of|pieces|units|more|packs?|"
         r"bottles|boxes|pairs))* (?!(?:day|week|month|more question|year|hour|minute|thing|question|refund|that|with|which|for|in|under)\b)\w"),
    Rule(_ADD, 0.88, r"^(?:(?:and|also|please|add) )*(?:<n>|another|an extra) more(?: (?:of|please|one|the same|<it>|\w+))*$|\banother (?:one|two|three|\d)"
         r"(?: of (?:<it>))?$|^(?:and )?one more(?: of .*)?$"),
    Rule(_ADD, 0.84, r"^(?:<n>)(?: x)? (?:of )?(?:<it>)$|^(?:<n>) (?:pieces|units|pcs|packs?|bottles?|boxes) (?:of )?.+"),
    Rule(_ADD, 0.8, r"^(?:buy|order|purchase|reserve) (?!(?:number|status|history|a|an|some|any|now)\b).+"),
    Rule(_ADD, 0.74, r"\bwant to (?:buy|order|purchase) (?!(?:a|an|some|any|something|new)\b)\w"),
    Rule(_ADD, 0.66, r"\b(?:want|like|going|love) to (?:buy|order|purchase|get) (?:a|an|some|new)\b"),
    Rule(_ADD, 0.85, r"^(?:the )?.{2,40}\b(?:is fine|works for me|sounds good|looks good|will do|it is)$"),
    Rule(_VIEW, 0.96, r"\b(?:<show>|see what is|let me see|go to|take me to|back to|jump to|what about|how is)\b.{0,30}\b<basket>" + _TAIL),
    Rule(_VIEW, 0.97, r"\b(?:what|which|how (?:many|much))\b.{0,45}\b(?:in|inside|into|to|on)\b.{0,8}<basket>"),
    Rule(_VIEW, 0.96, r"^<basket>(?: (?:please|contents?|total|summary|status|overview|now))*$|\b(?:contents?|total|value|summary|items|sum|"
         r"cost|price|overview) (?:of|in|for) <basket>|\bwhere is <basket>|\bhow much is <basket>|\b(?:is|are) <basket> (?:empty|full)"),
    Rule(_VIEW, 0.93, r"\b(?:what|which)\b.{0,20}\b(?:have|did|do) i (?:have |put |already |just )*(?:add|added|chosen|choose|selected|select|"
         r"picked|pick|got|get|have)\b.{0,12}(?:so far|already|until now|up to now|there|$)(?!.*\b(?:order|sizes|options)\b)"),
    Rule(_VIEW, 0.9, r"^(?:is|are|do i have|did i|have i|did you|was)\b.{0,60}\b(?:in|to) <basket>"),
    Rule(_VIEW, 0.9, r"\bhow much (?:is|are|does|do|will|would|am)\b.{0,18}(?:<basket>|\beverything|\bit all|\ball (?:of )?(?:this|that|it)|"
         r"\bmy total|\bthe total|\bmy order|\baltogether|\bin total|\bi paying|\bi owe)\b|\b(?:my|the|current|running|grand) (?:sub)?total\b"),
    Rule(_REMOVE, 0.975, r"\b(?:remove|delete|take|drop|get rid of|throw|toss|kick|cancel|discard|erase|ditch|pull|scrap|clear|leave|"
         r"do not want)\b.{0,90}\b(?:from|out of|off)\b.{0,6}<basket>|\bin <basket>.{0,30}\b(?:remove|delete)\b|"
         r"\b(?:remove|delete|discard|do not want)\b.{0,60}\bin <basket>"),
    Rule(_REMOVE, 0.97, r"\b(?:empty|clear|reset|wipe|flush|delete|clean|dump|purge)(?: out)?\b(?: everything| all(?: of)?| the items| items)*"
         r"(?: in| from)? ?<basket>|\bstart (?:over|again|fresh) with (?:a|an) (?:new|empty|fresh) (?:basket|cart)"),
    Rule(_REMOVE, 0.95, r"\b(?:remove|delete|take out|clear|throw out|discard) (?:everything|all)(?: (?:of )?(?:it|them|items|that))*$"),
    Rule(_REMOVE, 0.9, r"^(?:(?:can|could|would) you |you can |please |and |also |now )*(?:remove|take out|take off|get rid of|drop|kick out|throw out|"
         r"ditch|discard)\b(?!.{0,60}\b(?:<shop>|product)\b)"),
    Rule(_REMOVE, 0.84, r"^(?:(?:can|could|would) you |you can |please )*(?:delete|cancel) (?:<it>|<place>|the|one|both|my)\b(?!.{0,40}\b(?:<order>|"
         r"<shop>|product|account|data)\b)"),
    Rule(_REMOVE, 0.88, r"\b(?:do not|no longer|not) (?:want|need) (?:(?:<it>|the|my|any|<place>)\b).{0,60}(?:\bany ?more|\bafter all|\bnow)?$"),
    Rule(_REMOVE, 0.87, r"^(?:please |can you |could you )*(?:take|leave|throw|kick) (?!me\b).{1,50} (?:out|off|away|back)$"),
    Rule(_REMOVE, 0.8, r"\b(?:changed my mind|forget|never ?mind|skip)\b(?: about| on)? (?:the|that|those|these)\b"),
    Rule(_UPDATE, 0.96, r"\b(?:change|set|update|increase|decrease|raise|lower|reduce|adjust|bump|modify|edit|alter|correct|double|halve)\b"
         r".{0,25}\b(?:quantit(?:y|ies)|amount|number|qty|count)\b|\b(?:quantity|qty) (?:of .{1,40} )?(?:to|should be|=|is) ?(?:<n>)\b"),
    Rule(_UPDATE, 0.93, r"\b(?:change|set|update|increase|decrease|raise|reduce|lower|adjust|bump|switch|turn)\b(?!.{0,60}\b(?:price|stock|"
         r"inventory|euros?|dollars?)\b).{1,70}\b(?:up to|down to|to|by) (?:<n>)\b(?! ?(?:gb|tb|euros?|dollars?|%|percent|€|\$))"),
    Rule(_UPDATE, 0.94, r"\bmake (?:it|that|this|them|those|the .{1,40})(?: be| a| to)? (?:<n>|double|triple)\b(?! ?(?:gb|tb|euros?|dollars?|%|€|\$))"),
    Rule(_UPDATE, 0.92, r"\b(?:<n>)\b.{0,40}\b(?:instead|rather than)\b|\binstead of (?:<n>)\b|\bnot (?:<n>)\b.{0,12}\b(?:but )?(?:<n>)\b"),
    Rule(_UPDATE, 0.88, r"\b(?:only|just) (?:want|need|take|keep|like) (?:<n>)\b|\b(?:only|just) (?:<n>) of (?:<it>|the)\b|"
         r"\bi (?:only|just) (?:want|need) (?:<n>)\b"),
    Rule(_UPDATE, 0.88, r"\b(?:<n>|a few) (?:less|fewer)\b|\bdouble (?:the|that|it|my)\b|\b(?:increase|decrease|reduce|raise|bump)\b.{1,40}\bby "
         r"(?:<n>)\b|\btake (?:one|<n>) (?:away|off)\b"),
    Rule(_UPDATE, 0.84, r"\b(?:swap|switch|exchange|replace|change)\b.{1,60}\b(?:for|with|to) (?:the|a|an|one|size|\d|black|white|blue|red|"
         r"green|pink|gold|silver|gray|grey)\b(?!.{0,30}\b(?:euros?|price)\b)"),
    Rule(_UPDATE, 0.93, r"\b(?:update|edit|modify|change|adjust) (?:the items in )?<basket>\b"),
    # ---------------------------------------------------------------- products: finding
    Rule(_SEARCH, 0.92, r"\b(?:search|searching|look|looking|hunt|hunting|shop|shopping|browse|browsing)\b(?: \w+)?(?: around)? for\b"),
    Rule(_SEARCH, 0.9, r"^(?:(?:can|could) you |you |please |help me )*(?:find|search|browse|explore|discover|look up|google)\b(?! (?:my|out)\b)|"
         r"\bhelp me (?:find|choose|pick|select|buy)\b"),
    Rule(_SEARCH, 0.82, r"^(?:(?:can|could|would) you |please |let me |i (?:want|would like) to )*(?:show|list|display|see|give|get|bring|present|"
         r"view|check)(?: me| us| out)?(?: (?:all|some|any|more|the|your|a|few|other|different|of|available))* (?!(?:<place>|details?|info\w*|"
         r"specs?)\b)\w"),
    Rule(_SEARCH, 0.86, r"\b(?:do|does|have|has) (?:you|your (?:shop|store)|this (?:shop|store|site)|the (?:shop|store)|museo|u|they|we|guys)"
         r"(?: guys| also| still| currently| perhaps| maybe| actually| happen to)* (?:have|sell|carry|stock|offer|got|keep|supply|do|any)\b"
         r"(?! (?:it|this|that|these|those|them)\b)"),
    Rule(_SEARCH, 0.82, r"^(?:(?:have )?you |have |do you )?(?:got|sell|have|carry) (?:any|some|a|an)?\b|^any (?!news|update|questions)\w+|"
         r"^(?:do you have|got|is there) anything\b"),
    Rule(_SEARCH, 0.88, r"\b(?:what|which)\b.{0,40}\b(?:do you|have you|does (?:the|your) (?:shop|store)|you|can i|could i) (?:guys )?(?:have|sell|"
         r"offer|carry|got|get|stock|buy|recommend|suggest|find)\b|\bwhat (?:kind|kinds|sort|sorts|types?) of\b.{0,40}\b(?:have|sell|offer|there|stock|"
         r"available|carry)\b|\b(?:what|which) \w+(?: \w+)? (?:are|is) (?:there|available|on offer|on sale)\b"),
    Rule(_SEARCH, 0.84, r"^(?:is|are) there (?:any|some|a|an|anything|something|other|more|cheaper)\b|\bis there (?:any|a|an|anything)\b"),
    Rule(_SEARCH, 0.84, r"\b(?:i|we) (?:really |also |just |still |now |would )*(?:need|want|like|love|am after|am interested in|am looking|"
         r"could use|wish|require)\b(?: to (?:buy|see|find|get|order|purchase|look at|have|check))?(?: (?:a|an|some|any|new|something|"
         r"anything|another|other|different|cheap|good|nice))+\b(?! (?:human|person|agent|help|refund|question|complaint|invoice|hand)\b)"),
    Rule(_SEARCH, 0.68, r"\b(?:i|we) (?:need|want|would like|would love|am interested in|am after)\b(?! (?:to|it|this|that|help|<n>)\b)"),
    Rule(_SEARCH, 0.7, r"\b(?:i am|we are) interested in\b|\bi am in the market for\b|\bin need of\b"),
    Rule(_SEARCH, 0.88, r"\b(?:recommend|suggest|advise|propose)\w*\b|\bany (?:recommendations?|suggestions?|ideas?|tips)\b|\bwhat should i (?:buy|get)\b"),
    Rule(_SEARCH, 0.88, r"\b(?:gifts?|presents?|gift ideas?|something|anything|birthday)\b.{0,30}\bfor\b|\b(?:something|anything|things|stuff) "
         r"(?:to|under|below|around|nice|cheap|cheaper|like|in|with|similar|else|new|special|warm|cool)\b"),
    Rule(_SEARCH, 0.8, r"\b(?:cheapest|best(?: ?sell\w+)?|latest|newest|top(?: rated| selling)?|most (?:popular|expensive)|new arrivals|new in|on sale|"
         r"discounted|discounts?|deals?|special offers?|offers|promotions?|bargains?|clearance|trending)\b"),
    Rule(_SEARCH, 0.86, r"^(?:show |see |give )?(?:me )?(?:some )?more(?: (?:results|options|products|please|of them))*$|^next(?: page)?$|"
         r"^(?:anything|something|any|show me|do you have|what about|how about|is there)?(?: \w+)?(?: else| cheaper| (?:cheaper|bigger|smaller|better|"
         r"other|different|newer) (?:ones?|options?|models?|version))(?: please)?$"),
    Rule(_SEARCH, 0.9, r"\b(?:similar|alternatives?|accessor(?:y|ies)|goes? (?:well |good )?with|go (?:well )?with|match(?:es|ing)?|bought together|"
         r"like (?:this|that|it)(?: one)?$|comparable to|instead of the)\b", tool="recommend_products"),
    Rule(_SEARCH, 0.78, r"\b(?:can|could|may) i (?:get|find|see|buy|have|order)\b(?! (?:it|this|that|my|the|<n>|help|back)\b)|\bwhere (?:can|do) i find\b"),
    Rule(_SEARCH, 0.78, r"\b(?:under|below|less than|cheaper than|up to|max(?:imum)?|around|between|over|above|budget)\b.{0,12}(?:\d|€|\$|£)"),
    Rule(_SEARCH, 0.72, r"^(?:\w+ ){0,4}for (?:men|women|kids|children|boys|girls|him|her|my \w+|the \w+|a \w+|\w+ing|summer|winter|school|work)$"),
    # ---------------------------------------------------------------- products: one of them
    Rule(_INFO, 0.93, r"\b(?:tell|give|show)(?: me| us)? (?:(?:some|any|more|everything|a bit|something|all|a little|further|additional|detailed|"
         r"the|full) )*(?:(?:details?|info\w*|specs?|specifications?) )?(?:about|on|regarding)\b"),
    Rule(_INFO, 0.92, r"\b(?:details?|info|information|specs?|specifications?|description|data ?sheet|features|particulars|overview)\b.{0,6}"
         r"\b(?:of|about|on|for|to|regarding)\b|^(?:(?:more|full|the|product|further|technical) )*(?:details?|info\w*|specs?|specifications?|"
         r"features)(?: please)?$|\b(?:see|get|have|show|want|need|read|give)(?: me)?(?: the| some| more| full| all| its| their)* (?:details?|specs?|"
         r"specifications?|description|features|info|information)\b|\b(?:specs|specifications|details)$"),
    Rule(_INFO, 0.93, r"\bhow (?:much|expensive|pricey)\b.{0,10}\b(?:is|are|does|do|for|would|will|was|were)?\b(?!.{0,40}\b(?:shipping|delivery|postage|"
         r"return|weigh|<basket>|total|ram|storage|memory|battery|import|customs)\b).{1,80}$"),
    Rule(_INFO, 0.92, r"\b(?:price|cost|prices|pricing)\b.{0,8}\b(?:of|for|on|is|tag)\b(?!.{0,25}\b(?:shipping|delivery|return|from|to \d)\b)|"
         r"\bwhat (?:does|do|is|are|would|will)\b.{1,60}\b(?:cost|price|priced|go for|sell for|retail)\b|\b(?:price|cost)$|\bwhat is the price\b"),
    Rule(_INFO, 0.92, r"^(?:is|are|do you (?:still )?have|have you got|got|will)\b.{1,80}\b(?:in stock|available|sold out|out of stock|back in stock|"
         r"still (?:there|on sale|sold))\b|\b(?:stock|availability) (?:of|for|on)\b|\bhow many\b.{0,40}\b(?:left|in stock|available|remain\w*|do you "
         r"(?:still )?have)\b|\bwhen\b.{0,50}\b(?:back in stock|available again|restocked)\b"),
    Rule(_INFO, 0.89, r"\bdo you (?:still )?have (?:it|this|that|these|those|them)\b|\bdo you have the .{2,40} in (?:size|black|white|blue|red|green|"
         r"pink|gold|silver|gr[ae]y|yellow|purple|\d)"),
    Rule(_INFO, 0.9, r"\b(?:what|which) (?:other )?(?:colou?rs?|sizes?|storages?|storage (?:sizes|options)|options?|variants?|versions?|capacit(?:y|ies)|"
         r"configurations?|finishes)\b.{0,60}\b(?:come|comes|available|have|has|there|exist|offer\w*|get|got|in|is|are|do|does)\b|"
         r"\b(?:does|do|is|are)\b.{1,40}\b(?:come|available) in\b|\bother (?:colou?rs?|sizes?|versions?)\b"),
    Rule(_INFO, 0.86, r"^(?:please |can you )*(?:describe|explain)\b"),
    Rule(_INFO, 0.92, r"\b(?:show|open|see|view|display|pick|select|choose|more (?:on|about)|details?|info|look at|about|take a look at|click|check)"
         r"(?: me)?(?: (?:the|about|of|on|for|details|more|out))* (?:<place>)(?: please)?$"),
    Rule(_INFO, 0.75, r"^(?:and )?(?:what about |how about |maybe )?(?:<place>)(?: please)?$"),
    Rule(_INFO, 0.78, r"^what is (?:the |an? )?(?!(?:weather|time|date|difference|return|your|my|this|that|up|it|new|best|capital|meaning)\b)\w.{2,40}"
         r"(?: like)?$"),
    Rule(_INFO, 0.92, r"\bcompar(?:e|ison|ing)\b|\b(?:versus|vs)\b", tool="compare_products"),
    Rule(_QUESTION, 0.92, r"\b(?:what is|what are|tell me|explain|is there)?.{0,6}\bdifferences? between\b|\bwhat is the difference\b|"
         r"\bwhich (?:one |of (?:these|those|them) |phone |laptop )?(?:is|would be|has the) (?:the )?(?:better|best|faster|cheaper|bigger|lighter|"
         r"more)\b|\bis .{2,40} better than\b", tool="compare_products"),
    # ---------------------------------------------------------------- products and the shop: asking
    Rule(_QUESTION, 0.95, r"\b(?:<topic>) (?:<term>)\b|\b(?:opening|business|working|store) hours\b|\bterms (?:and|of)\b"),
    Rule(_QUESTION, 0.93, r"\b(?:can|could|may|how (?:do|can|would)|is it possible to|am i able to|what if|want to|like to|need to)\b.{0,20}\b(?:return|"
         r"exchange|send (?:it|this|them|something) back|give (?:it|them) back|refund|get (?:a|my) (?:refund|money back))\b"),
    Rule(_QUESTION, 0.94, r"\bdo (?:you|u|they|you guys) (?:also |currently |still )*(?:ship|deliver|accept|take|charge|price match|post|gift ?wrap|"
         r"refund|repair|buy back|install)\b"),
    Rule(_QUESTION, 0.94, r"\b(?:do|does|is there|are there|have|offer|provide|get|give|can i get|can you)\b.{0,25}\b(?:(?:free|express|international|"
         r"same day|next day|overnight|worldwide) (?:shipping|delivery|returns?)|student discounts?|installments?|instalments?|gift (?:cards?|"
         r"wrap\w*)|financing|loyalty|vouchers?|coupons?|invoices?|physical (?:store|shop)|pick ?up|click and collect|discount codes?|promo codes?)\b"),
    Rule(_QUESTION, 0.93, r"\bhow (?:long|much|fast|quick(?:ly)?|soon|expensive|many days)\b.{0,40}\b(?:shipping|delivery|ship|deliver(?:ed)?|postage|warranty|"
         r"guarantee|returns?|refunds?)\b|\b(?:free|international) (?:shipping|delivery|returns?)\b"),
    Rule(_QUESTION, 0.93, r"\b(?:where|when) (?:are|is|do) (?:you|your|the) (?:shop|store|located|open|based|office|stores|close|ship|headquarters)\b|"
         r"\bare you open\b"),
    Rule(_QUESTION, 0.9, r"\b(?:which|what)\b.{0,20}\b(?:payment|ways to pay|credit cards?|cards|currenc(?:y|ies)|countries|carriers?|couriers?)\b|"
         r"\bcan i pay\b|\bis (?:paypal|klarna|apple pay|google pay|cash on delivery)\b|\bpay (?:in|by) instal"),
    Rule(_QUESTION, 0.87, r"\b(?:warranty|guarantee|return policy|refund policy|gdpr|data protection|allerg\w+|ingredients?)\b"),
    Rule(_QUESTION, 0.91, r"\b(?:is|are|does|do|can|will|has|have|would|could|should|if|how|what)\b.{1,80}\b(?:water ?proof|water[- ]?resistant|dust ?proof|"
         r"compatible|support\w*|fit(?:s)?|includ\w+|come with|comes with|made (?:of|from|in|out of)|suitable|safe|good for|last(?:s)?|weigh\w*|"
         r"charge[rsd]?|run|play|hold|handle|require|wireless\w*|dual ?sim|e?sim|[45]g|nfc|bluetooth|usb(?:-c)?|vegan|organic|washable|dishwasher|"
         r"durable|foldable|scratch\w*|waterproof|noise|battery|camera|screen|display|processor|chip|ram|headphone jack|resolution|refresh rate|"
         r"material|leather|cotton|wool|real|genuine|original|authentic|heavy|recommended for|work with|works with|work (?:in|on|without)|"
         r"big enough|allow|connect|unlocked|refurbished)\b"),
    Rule(_QUESTION, 0.86, r"^(?:does|do|can|will|has|could|would|should) (?:it|this|that|they|these|those|the (?!(?:shop|store|order|parcel|package)))\b(?!.*\b"
         r"(?:come in|cost|in stock|available|arrive|ship\w*|deliver\w*)\b)"),
    Rule(_QUESTION, 0.82, r"^(?:is|are) (?:it|this|that|they|these|those|the .{2,40})\b(?!.*\b(?:in stock|available|sold out|<basket>|shipped|on (?:its|the) "
         r"way|come in|delivered|late|expensive)\b)"),
    Rule(_QUESTION, 0.88, r"\bhow (?:heavy|big|large|long|tall|wide|thick|deep|fast|loud|bright|good|old|durable|strong|small|hot|well|far|thin|accurate|"
         r"comfortable|safe|powerful|spicy|sweet|fresh)\b(?!.*\b(?:my order|my parcel|it is going|arrive|get here)\b)"),
    Rule(_QUESTION, 0.88, r"\b(?:what|which|how much|how many)\b.{0,25}\b(?:material|battery|screen|display|resolution|processor|chip|ram|memory|camera|"
         r"megapixels?|weight|dimensions?|ingredients?|connector|ports?|sim|os|operating system|fabric|scent|smell|calories|age|watts?|inches)\b|"
         r"\bbattery life\b|\bnoise cancell\w+|\bwireless charging\b"),
    Rule(_QUESTION, 0.89, r"\bcan (?:i|you|we|one|kids|children|my \w+) (?:use|wear|wash|charge|connect|plug|play|swim|shower|install|cook|pair|mount|"
         r"drink|eat|take it|carry|ride|run|expand|upgrade|replace)\b"),
    Rule(_QUESTION, 0.86, r"\b(?:i have|got|have|one|quick|another) (?:a )?(?:quick )?questions?\b|\bquestions? (?:about|on|regarding)\b|\bany (?:good )?"
         r"reviews\b|\b(?:customer|user) (?:reviews?|ratings?|opinions?)\b|\breviews (?:of|for|on)\b|\bis it worth\b|\bworth (?:it|the money|buying)\b"),
    Rule(_QUESTION, 0.62, r"^(?:why|how|who|when|can you tell me|do you know)\b"),
    # ---------------------------------------------------------------- messages
    Rule(_NOTIFY, 0.97, r"\b(?:<alert>|notify|alert)\b.{0,20}\b(?:when|once|if|as soon as)\b.{0,80}\b(?:back|available|in stock|restocked|returns?|arrives? "
         r"again|can (?:buy|order))\b|\b(?:stock|restock|availability|back in stock) (?:alert|notification|reminder)\b",
         tool="create_stock_alert"),
    Rule(_NOTIFY, 0.94, r"\b(?:send|write|fire off|shoot|drop|compose|dispatch|schedule)\b(?!.{0,15}\b(?:payment link|back)\b).{0,70}\b(?:<channel>)\b"),
    Rule(_NOTIFY, 0.93, r"^(?:(?:can|could|would|will) you |please |i want (?:you )?to |let us |also |and )*(?:email|mail|text|whatsapp|sms|message|notify|inform|"
         r"ping|alert|remind)\b (?:me|us|him|her|them|the|my|all|every\w*|our|customers?|§email|§phone|\w+ (?:that|about|to))\b"),
    Rule(_NOTIFY, 0.92, r"\b(?:let|tell) (?:him|her|them|the customers?|customers|everyone|our customers?|the buyer|my \w+) (?:know|that|about)\b|"
         r"\b(?:let|keep) me (?:know|posted|updated|informed)\b|\btell me when\b|\bremind me\b"),
    Rule(_NOTIFY, 0.92, r"\b(?:share|forward|send|mail|deliver)\b.{0,60}\b(?:by|via|with|to|through|over|per|on|as) (?:an? |my |the )?(?:<channel>|§email|§phone)\b|"
         r"\b(?:send|forward)\b.{1,50}\bto my (?:email|mail|phone|mobile|number|inbox)\b|\bsubscribe\b"),
    # ---------------------------------------------------------------- administration
    Rule(_CREATE, 0.96, r"\b(?:create|make|register|set up|enter|introduce|launch|insert|start)\b.{0,12}\b(?:(?:a|an|the|another|this|new|draft) )*"
         r"(?:product|item|article|listing|sku)\b|^new (?:product|item|article|listing)\b|\b(?:add|insert|list|put|need|want)\b(?: \w+)? "
         r"(?:new )?(?:product|item|article|listing)s? (?:called|named|titled|with|for|to the|priced|:)|\badd (?:a |an |another )?(?:new )?"
         r"(?:product|article|listing)\b"),
    Rule(_CREATE, 0.96, r"\b(?:add|put|insert|list|create|bring|include)\b(?!.{0,60}\b(?:file|csv|excel|spreadsheet|attached|feed|pieces|units)\b).{1,100}\b(?:to|in|"
         r"into|on) (?:(?:the|our|my|this) )?(?:shop|store|catalog(?:ue)?|assortment|range|webshop|website|site|product list)\b"),
    Rule(_CREATE, 0.93, r"\b(?:add|create|list|new)\b.{1,100}\b(?:for|at|priced(?: at)?|price|costing|with (?:a )?price|@|selling (?:for|at))\b.{0,10}"
         r"(?:\d|€|\$|£)(?!.*\b<basket>)", admin_only=True),
    Rule(_CREATE, 0.92, r"^(?:(?:can|could) you |please |i (?:want|need|would like) to )*(?:add|create|list)\b(?!.*<basket>)(?!.*\bstock\b)", admin_only=True),
    Rule(_IMPORT, 0.97, r"\b(?:import|bulk[ -]?(?:add|create|upload|import|load|insert)|mass[ -]?(?:upload|import|create))\b"),
    Rule(_IMPORT, 0.97, r"\b(?:upload|load|read|process|ingest|parse|add|create|sync|use|take|put|update|run|apply|bring in|fill)\b.{0,70}\b(?:<file>)\b"),
    Rule(_IMPORT, 0.9, r"\b(?:from|in|with) (?:(?:a|the|this|my|our|attached) )*(?:<file>)\b|\b(?:<file>)\b.{0,30}\b(?:with|of|contain\w*|full of|has)\b.{0,25}"
         r"\b(?:products?|items?|articles?|prices?)\b|\b(?:attached|here is|sending) (?:you )?(?:a |the |my |our )?(?:\w+ )?(?:<file>)\b|"
         r"\bsupplier(?:'s)? (?:list|feed|file)\b"),
    Rule(_LIST, 0.95, r"\b(?:<show>|find|get|which|what|search|need|export|want|filter|all|any)\b.{0,30}\b(?:drafts?|archived|unpublished|inactive|discontinued|"
         r"deactivated)\b(?: \w+)?"),
    Rule(_LIST, 0.95, r"\b(?:<show>|find|get|which|what|search|filter|all)\b.{0,50}\b(?:low (?:on |in )?stock|(?:stock|inventory|quantity|units)(?: \w+)? (?:is |are )?"
         r"(?:below|under|less|fewer|lower)|(?:below|under|less than|fewer than|at most) \d+ (?:in stock|units|pieces|left|items|pcs)|"
         r"running (?:low|out)|needs? (?:to be )?(?:restock\w*|reorder\w*)|no stock|zero stock|almost (?:sold out|gone))\b|"
         r"\b(?:low stock|inventory|stock) (?:report|list|overview|levels?)\b|^(?:low stock|inventory)$"),
    Rule(_LIST, 0.94, r"\b(?:<show>|find|get|which|what|need|want|give|export|fetch)\b(?: me| us| to see)?(?: (?:all|the|our|my|of|every|active|full|complete|current|whole|"
         r"entire|existing|sold out|out of stock|latest|newest|recent|cheapest|most expensive))* (?:\w+ ){0,2}?(?:products?|items|articles|inventory|"
         r"catalog(?:ue)?|assortment|stock|skus|listings)\b(?!.{0,20}\b(?:details|price to)\b)", admin_only=True),
    Rule(_LIST, 0.93, r"\b(?:which|what|how many) (?:of (?:our|the) )?(?:\w+ )?(?:products|items|articles|skus|drafts|listings)\b.{0,15}\b(?:are|do we|have|cost|in|is|"
         r"need|with|were)\b|\bhow many\b.{0,25}\b(?:do we have|are (?:active|there|live|online))\b|\b(?:out of stock|sold out) (?:products|items|"
         r"articles)\b|^(?:all |our |my |the )?(?:products|product list|catalog(?:ue)?|stock)$|\b(?:product|article) list\b", admin_only=True),
    Rule(_LIST, 0.86, r"^(?:(?:can|could) you |please |i (?:want|need) to see )*(?:show|list|display|find|search|filter|get)(?: me)?(?: for)?(?: (?:all|our|the|every))+ \w+|"
         r"^(?:list|filter|search)\b", admin_only=True),
    Rule(_CHANGE, 0.95, r"\b(?:change|set|update|edit|modify|adjust|raise|increase|lower|reduce|decrease|drop|cut|correct|fix|bump|put|replace|rewrite|translate|"
         r"alter|add|swap|upload|improve)\b(?!.{0,80}<basket>).{0,80}\b(?:<field>)\b(?!.*\b(?:below|under \d|report)\b)"),
    Rule(_CHANGE, 0.95, r"^(?:<field>) (?:of|for) .{1,80}\b(?:to|should be|is now|=|now)\b|\b(?:should|must|needs to) (?:now )?cost\b|\bnow costs?\b|"
         r"\b(?:put|place)\b.{1,60}\bon sale\b|\bapply\b.{0,30}\bdiscount\b"),
    Rule(_CHANGE, 0.96, r"\brename\b|^(?:please )?(?:publish|unpublish|activate|deactivate|reactivate|enable|disable|hide|unhide|discount|reprice|restock|replenish|"
         r"re-?categori[sz]e|relist|restore|unarchive|feature)\b"),
    Rule(_CHANGE, 0.95, r"\b(?:mark|set|make|move|switch|turn|flag)\b.{1,80}\b(?:as |to |into |back to )?(?:draft|active|inactive|sold out|out of stock|available|"
         r"unavailable|featured|on sale|live|visible|hidden|cheaper|more expensive|in stock)\b"),
    Rule(_CHANGE, 0.96, r"\badd \d+ (?:more )?(?:units?|pieces?|pcs|items?)?.{0,40}\bto (?:the )?(?:stock|inventory)\b|\b\d+ ?(?:%|percent)\b.{0,25}\b(?:off|discount|"
         r"cheaper|more expensive)\b(?=.*\b(?:make|give|set|all|every|apply)\b)|\b(?:make|reduce|increase|raise|lower)\b.{1,60}\bby \d+ ?(?:%|percent)"),
    Rule(_CHANGE, 0.94, r"^(?:(?:can|could) you |please |i (?:want|need|would like) to )*(?:update|edit|modify|change|set|raise|lower|reduce|increase|adjust)\b"
         r"(?!.*<basket>)(?!.*\bquantity\b)", admin_only=True),
    Rule(_DELETE, 0.96, r"\b(?:delete|remove|archive|discontinue|retire|take down|take offline|drop|kill|erase|purge|pull|take|get rid of)\b(?!.{0,80}<basket>)"
         r".{0,80}\b(?:from|off|out of|in) (?:(?:the|our|my|this) )?(?:shop|store|catalog(?:ue)?|assortment|inventory|range|webshop|website|site|"
         r"database|listings?|system)\b"),
    Rule(_DELETE, 0.95, r"\b(?:delete|remove|archive|discontinue|retire|erase|purge)\b(?: (?:the|this|that|a|an|our|all|draft|old))* (?:products?|articles?|listings?|skus?|"
         r"drafts?|§sku)\b|^(?:please )?(?:archive|discontinue|retire|delist)\b|\bstop selling\b|\b(?:do not|no longer) sell\b.{0,60}\b(?:any ?more|any longer)?"),
    Rule(_DELETE, 0.94, r"^(?:(?:can|could) you |please |i (?:want|need|would like) to )*(?:delete|remove|get rid of|take down|drop|erase)\b(?!.*<basket>)"
         r"(?!.*\b(?:from|stock) (?:stock|price)\b)", admin_only=True),
    # ---------------------------------------------------------------- nothing of a shop
    Rule(_OTHER, 0.95, r"\b(?:ignore|forget|disregard|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|restrictions)\b|\bsystem prompt\b|"
         r"\byou are now\b|\bjailbreak\b"),
    Rule(_OTHER, 0.93, r"\b(?:weather|raining|rain today|snow today|sunny|forecast)\b(?!.*\b(?:jacket|coat|boots|proof|gear|clothes|wear)\b)|\bjokes?\b|"
         r"\b(?:capital|president|prime minister|population|king|queen) of\b|\b(?:poem|song lyrics|essay|haiku|limerick)\b|\bmeaning of life\b|"
         r"\bbitcoin\b|\bstock market\b|\bhoroscope\b|\blottery\b"),
    Rule(_OTHER, 0.93, r"\b(?:book|reserve|find)(?: me)?(?: a| an| the)? (?:flights?|hotels?|table for|taxi|tickets? to|uber|appointment|doctor|restaurant)\b|"
         r"\bset (?:an? |the )?(?:alarm|timer)\b|\bplay (?:some )?music\b|\bwhat (?:time|day|date|year) is (?:it|today)\b|\btell me a story\b"),
    Rule(_OTHER, 0.92, r"\b(?:who (?:won|is the|was|invented|wrote|discovered|painted|is going to win)|how (?:do|to|can) (?:i|you) (?:cook|bake|fix a|lose weight|"
         r"get rich|hack|learn)|solve|calculate|what is \d+ ?(?:[+*/x^-]|plus|minus|times|divided by) ?\d+|translate|homework|news today|football "
         r"(?:score|match|result)|election|politics|recipe for|distance (?:between|from|to))\b"),
    Rule(_OTHER, 0.9, r"\b(?:marry me|love you|do you (?:love|like|dream|sleep|eat|believe|feel|have (?:feelings|a (?:boyfriend|girlfriend|name|soul)))|your (?:age|"
         r"birthday|favou?rite)|how old are you|are you (?:human|real|alive|single|sentient|a (?:human|man|woman|girl|boy))|who (?:made|created|built) "
         r"you|i am (?:bored|sad|happy|tired|hungry|sick))\b"),
    Rule(_OTHER, 0.6, r"^(?:lol|lmao|ha(?:ha)+|hm+|um+|ok(?:ay)?|yes|yeah|yep|yup|no|nope|nah|sure|maybe|test(?:ing)?|whatever|never ?mind|i see|got it|really|wow|"
         r"oh|ah|correct|exactly|right|not sure|i do not know|of course|fine|alright)(?: (?:please|thanks|ok|then|that is fine))*$"),
    # ---------------------------------------------------------------- said after something else
    Rule(_ADD, 0.86, r"^(?:<n>)(?: (?:please|of them|pieces|units|pcs|then))*$", context=frozenset({_ADD, _INFO})),
    Rule(_UPDATE, 0.84, r"^(?:make (?:it|that) )?(?:<n>)(?: (?:please|of them|pieces|then|instead))*$", context=frozenset({_UPDATE})),
    Rule(_ADD, 0.82, r"^(?:(?:yes|ok|the|in|a|and|please|rather|make it) )*(?:§option)(?: (?:§option|one|please|version|model|and|with|in))*$",
         context=frozenset({_ADD})),
    Rule(_INFO, 0.82, r"^(?:(?:and|the|in|what about|how about|also|is it|or|with|a|maybe|do you have it in) )*(?:§option)(?: (?:§option|one|version|model|and|in))*$",
         context=frozenset({_INFO, _QUESTION})),
    Rule(_SEARCH, 0.8, r"^(?:(?:and|the|in|only|what about|how about|also|any|or|with|just|maybe|something|but|for|show me) )+(?!(?:<place>)$).{2,40}$",
         context=frozenset({_SEARCH})),
    Rule(_REMOVE, 0.8, r"^(?:and |also )*(?:<place>|<it>)(?: (?:too|as well|please))*$", context=frozenset({_REMOVE})),
    Rule(_ADD, 0.8, r"^(?:and |also )*(?:<place>)(?: (?:too|as well))*$", context=frozenset({_ADD})),
    Rule(_PAY, 0.8, r"^(?:(?:it is|my email is|use|to) )*§email$", context=frozenset({_PAY})),
    Rule(_NOTIFY, 0.85, r"^(?:(?:it is|my email is|use|to|at) )*(?:§email|§phone)$", context=frozenset({_NOTIFY})),
    Rule(_INFO, 0.84, r"^(?:and )?(?:(?:how much|what) (?:is|does|are) (?:it|that|they)(?: cost)?)$", context=_AFTER_PRODUCTS | _AFTER_BASKET),
)
