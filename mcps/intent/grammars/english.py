"""English: the words around the rules of `english_rules`, and where a sentence names its product."""

from __future__ import annotations

from mcps.intent.grammar import Cut, Grammar
from mcps.intent.grammars.english_rules import MACROS, RULES
from mcps.intent.intents import Intent
from mcps.kit.query.lexicon import words

_BASKET_AFTER = r"\b(?:in|into|to|inside|on|from|out of|off)(?: to)? <basket>.*$"

_ADD = Cut(
    before=r"^.*?\b(?:add|put|place|drop|throw|toss|stick|pop|include|take|have|grab|get|buy|order|purchase|reserve"
    r"|want|need|like|go (?:for|with)|give|bring|save|(?:<n>) more(?: of)?)\b(?: me| us)?(?: also)?",
    after=_BASKET_AFTER + r"|\b(?:is fine|works for me|sounds good|looks good|will do)$",
)
_REMOVE = Cut(
    before=r"^.*?\b(?:remove|delete|take out|take off|take|get rid of|drop|throw out|throw|cancel|want|need|ditch"
    r"|discard|about|kick out|leave|forget|clear|empty)\b",
    after=_BASKET_AFTER + r"|\b(?:any ?more|after all|now)$|\b(?:out|off|away|back)$",
)
_UPDATE = Cut(
    before=r"^.*?\b(?:(?:quantity|amount|number|qty|count)(?: of)?|change|set|update|increase|decrease|raise|lower"
    r"|reduce|adjust|bump|make|swap|switch|replace|want|need|only|just|double)\b",
    after=_BASKET_AFTER + r"|\b(?:to|by|from|for|with) .*$|\binstead\b.*$|\b(?:less|fewer)\b.*$",
)
_INFO = Cut(
    before=r"^.*?\b(?:about|details of|specs of|specs for|info on|price of|price for|cost of|price on|details for"
    r"|details on|how much (?:is|are|does|do|for|would|will)|what (?:is|are|does|do)|describe|explain|open"
    r"|show me|do you (?:still )?have|stock of|compare|is|are|does|do|of|for|see)\b",
    after=r"\b(?:costs?|priced?|in stock|sold out|available|come in|left|like|and what|go for|retail|out of stock"
    r"|still|details|specs|specifications|in (?:size|black|white|blue|red|green|pink|gold|silver|gr[ae]y))\b.*$",
)
_QUESTION = Cut(
    before=r"^.*?\b(?:does|is|are|can|will|has|do|of|about|for|how \w+)\b",
    after=r"\b(?:support|have|has|come|comes|work|works|include|includes|fit|fits|water\w*|dust\w*|compatible|suitable|safe"
    r"|good|made|last|lasts|weigh|charge|run|play|need|require|wireless|dual|vegan|organic|washable|dishwasher|real"
    r"|genuine|original|better|worth|unlocked|with|in|for|use|handle|hold|too|really|still|big|heavy|durable|be)\b.*$",
)
_ADMIN = Cut(
    before=r"^(?:.*?\b(?:<field>) (?:of|for|on)\b|.*?\b(?:rename|publish|unpublish|activate|deactivate|hide|unhide|restock"
    r"|discount|reprice|archive|discontinue|retire|delist|stop selling|delete|remove|get rid of|take down|drop|erase"
    r"|update|edit|modify|mark|set|change|take|put|make|enable|disable|add|create|raise|lower|reduce|increase)\b)"
    r"(?: (?:the|a|an|our|new|product|item|article|listing|called|named|titled))*",
    after=r"\b(?:from|off|out of|in) (?:(?:the|our|my|this) )?(?:<shop>)\b.*$|\b(?:to|by|at|as|for|with|priced|price"
    r"|costing|on sale|it costs|stock|(?:<field>))\b.*$",
)

ENGLISH = Grammar(
    language="en",
    macros=MACROS,
    rules=RULES,
    courtesy_before=r"<hello>|please|kindly|excuse me|sorry|pardon|ok(?:ay)?|so|well|um+|uh+|hmm+|oh|ah|alright|right|now"
    r"|actually|then|and|but|yes|yeah|sure|great|cool|perfect|just|dear (?:team|sir|madam|shop)|everyone|museo|bot|team"
    r"|guys|there|(?:can|could|would|will) you(?: please| kindly| maybe)?(?= (?:show|tell|give|add|put|remove|find|send"
    r"|change|search|help me (?:find|choose|pick)|check|list|create|delete|update|open|take|recommend|suggest|compare))"
    r"|i would like you to|i want you to|i was wondering(?: if)?|may i ask(?: you)?|quick question|let us|go ahead and"
    r"|would you mind|do you mind|how are you|i hope you are well",
    courtesy_after=r"please|thanks?|thank you(?: (?:so|very) much| in advance)?|thanks in advance|kindly|for me|cheers|asap"
    r"|right now|if (?:possible|you can|that is ok(?:ay)?)|mate|buddy|dear|ok|okay|sir|madam|would you|will you|can you"
    r"|could you|anyway|by the way",
    typo_words=words(
        "basket trolley checkout delivery payment product products quantity remove delete shipping receive shopping "
        "search customer warranty cancel available headphones charger laptop smartphone samsung iphone create "
        "update archive details describe compare discount birthday sunglasses sneakers refund"
    ),
    known_words=words(
        "casket gasket biscuit trolleys deliver delivers payments productive removed remover deleted deletes searched "
        "searches customs costume cancels cancelled chargers charged charges changer laptops iphones created creates "
        "updated updates archived archives describes compares compared discounts refunds refunded shopping shipping "
        "chipping shopper hopping basketball baskets slipping received receiver ranges charge change changed"
    ),
    cuts={
        Intent.BASKET_ADD: _ADD,
        Intent.BASKET_REMOVE: _REMOVE,
        Intent.BASKET_UPDATE: _UPDATE,
        Intent.PRODUCT_INFO: _INFO,
        Intent.PRODUCT_QUESTION: _QUESTION,
        Intent.ADMIN_CREATE: _ADMIN,
        Intent.ADMIN_UPDATE: _ADMIN,
        Intent.ADMIN_DELETE: _ADMIN,
    },
    not_products=words(
        "it this that these those them they one ones more please another same pieces piece units unit pcs both everything "
        "all thing things item items product products order basket cart bag price prices cost costs quantity amount "
        "number expensive cheap much many first second third fourth fifth sixth last next option result choice "
        "number instead only just now then again x or if what which how when where why does do did done back your shop "
        "store stuff difference between really so too very on off out up into from by as at not no was were been he "
        "she him her his policy shipping delivery returns return refund warranty think know mean two three four five "
        "six seven eight nine ten dozen couple pair new some any color colour colors colours size sizes anymore extra"
    ),
    pronouns=r"\b(?:it|this one|that one|these|those|them|this|that|the same one|the same)\b",
    nouns=words(
        "phone phones smartphone smartphones iphone iphones galaxy laptop laptops notebook notebooks tablet tablets ipad "
        "ipads watch watches headphones earphones earbuds airpods charger chargers cable cables case cases speaker "
        "speakers camera cameras monitor tv keyboard mouse macbook shirt shirts tshirt shoe shoes sneakers boots heels "
        "dress dresses skirt jeans trousers pants jacket jackets coat coats hat cap bag bags backpack handbag purse "
        "wallet sunglasses glasses jewellery jewelry ring rings necklace earrings bracelet perfume perfumes fragrance "
        "lipstick mascara makeup cream lotion shampoo soap sofa couch table chair desk bed lamp mirror rug pan pans "
        "knife knives fork spoon plate plates bowl bowls cup mug glass blender kettle toaster grater whisk spatula "
        "ball balls football basketball bat racket helmet gloves bike bicycle motorcycle scooter car fruit apple "
        "apples milk juice coffee tea honey rice egg eggs fish chicken beef water bottle toy toys gift book books "
        "furniture kitchen groceries clothes clothing accessories electronics cosmetics"
    ),
    sentence_words=words(
        "i you he she we they is are was were be been do does did have has had can could will would should shall may "
        "might must what when where why who whom whose how because if that am me my your because think know feel "
        "love hate said says want went go going tell never always"
    ),
    quantities=(
        r"(?:add|put|take|get|buy|order|purchase|grab|want|need|like|have|reserve|give|bring|just|only|drop|throw|toss)"
        r"(?: me| us| to (?:buy|order|get|have))*(?: just| only| another)? (<n>)\b(?! ?(?:gb|tb|inch|ml|kg|g|cm|mm|%|euros?|€|\$))",
        r"\b(<n>) ?(?:x|times|pieces|piece|units?|pcs|packs?|bottles?|boxes|of (?:<it>|the|each)|more)\b",
        r"\bx ?(\d{1,2})\b",
        r"\b(?:quantity|qty|amount|number)\b.{0,40}\b(?:to|is|be|of|=)? ?(<n>)$",
        r"\b(?:to|by|make (?:it|that|them|this)(?: be)?) (<n>)\b(?! ?(?:gb|tb|inch|ml|kg|%|euros?|€|\$))",
        r"\b(<n>)\b.{0,30}\binstead\b",
        r"\b(<n>) (?:less|fewer|more)\b",
        r"^(<n>)(?: (?:please|then|of them))*$",
    ),
    names={
        "category": r"\b(?:in|from|of) (?:the )?(?:category|section|department) (?:of )?([a-z' -]{3,40}?)(?:$| (?:with|under|and|below)\b)",
        "title": r"\brename .{1,80}? (?:to|as|into) (.{2,120})$|\btitle (?:of .{1,60} )?to (.{2,120})$|"
        r"\b(?:called|named|titled) (.{2,80}?)(?= (?:for|at|priced|with|price|costing|in category|stock)\b|$)",
        "subject": r"\bsubject (?:is |of |line )?(.{2,120}?)(?: and (?:the )?(?:body|text|message)\b|$)",
        "topic": r"\b(returns?|refunds?|exchanges?|warranty|guarantee|shipping|delivery|payment|opening hours|gift cards?"
        r"|student discount|privacy)\b",
        "stockBelow": r"\b(?:stock|inventory|quantity|units|fewer|less)\b.{0,12}\b(?:below|under|less than|fewer than|than) (\d{1,6})\b|"
        r"\b(?:below|under|less than|fewer than) (\d{1,6}) (?:in stock|units|pieces|left|items|pcs)\b",
        "stock": r"\b(?:stock|inventory)(?: level)?(?: of .{1,60}?| for .{1,60}?)? ?(?:to|is|of|:|=|at)? ?(\d{1,6})$|"
        r"\b(\d{1,6}) (?:in stock|units|pieces|pcs)\b(?! left)|\badd (\d{1,6}) (?:more )?(?:\w+ ){0,4}to (?:the )?(?:stock|inventory)\b|"
        r"\b(?:stock|restock|replenish)\b.{1,60}?\b(?:to|with|by) (\d{1,6})\b",
        "percent": r"\b(\d{1,3}) ?(?:%|percent\b)",
    },
    flags={
        r"\b(?:drafts?|unpublished)\b": "status=draft",
        r"\b(?:archived|discontinued|deleted)\b": "status=archived",
        r"\b(?:active|live|published)\b": "status=active",
        r"\b(?:everything|all of (?:it|them)|all items|empty|clear)\b": "all=true",
        r"\baccessor": "kind=accessories",
        r"\b(?:bought together|goes? (?:well |good )?with)\b": "kind=bought_together",
        r"\bsimilar|alternative|comparable": "kind=similar",
        r"\bwhatsapp": "channel=whatsapp",
        r"\b(?:sms|text(?: message)?s?|text me)\b": "channel=sms",
        r"\b(?:emails?|mails?|newsletter)\b": "channel=email",
        r"^(?:yes|yeah|yep|yup|sure|of course|exactly|correct|right|ok|okay)\b": "answer=yes",
        r"^(?:no|nope|nah|not now)\b": "answer=no",
    },
)
