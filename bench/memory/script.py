"""What the two people of the labelled set say, and what they are asked about it."""

# ruff: noqa: E501 -- one thing a line

# Said once with each choice of words; asked about with other words.
FACTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("I finally adopted a {}, the shelter called this morning.", "Which animal did {who} take in as a pet?", ("greyhound", "tabby kitten", "parrot", "tortoise")),
    ("We are moving to {} because of the new post.", "Which city is {who} relocating to?", ("Lisbon", "Graz", "Tampere", "Valencia")),
    ("My sister got engaged to a {} last weekend.", "What is the profession of the fiancé of {who}'s sister?", ("carpenter", "pilot", "dentist", "beekeeper")),
    ("I can't eat {} any more, my throat swells up.", "Which food is {who} allergic to?", ("walnuts", "shellfish", "celery", "sesame")),
    ("I've started lessons on the {}, my fingers hurt.", "What musical instrument is {who} learning?", ("cello", "banjo", "accordion", "oboe")),
    ("The doctor says my {} needs an operation.", "Which part of the body does {who} need surgery on?", ("left knee", "wrist", "shoulder", "hip")),
    ("I sold the old car and bought a {}.", "What vehicle does {who} own now?", ("cargo bike", "camper van", "scooter", "pickup")),
    ("For my birthday they gave me a {}.", "What present did {who} receive?", ("telescope", "pottery wheel", "hammock", "pocket watch")),
    ("I quit the bank to become a {}.", "What is {who}'s new career?", ("florist", "park ranger", "baker", "teacher")),
    ("I'm reading a thick book about {} at the moment.", "What topic is {who} studying in print?", ("octopuses", "the Silk Road", "bridges", "mushrooms")),
    ("On Sundays I always {} with my father.", "Which weekly habit does {who} share with a parent?", ("play chess", "go fishing", "bake bread", "watch football")),
    ("I dropped my {} into the lake, what a day.", "What possession did {who} lose in the water?", ("phone", "wedding ring", "glasses", "camera")),
    ("My neighbour keeps complaining about my {}.", "Why is the person next door annoyed with {who}?", ("drum kit", "rooster", "barbecue", "roses")),
    ("I won second prize with my {} at the fair.", "What earned {who} an award?", ("pumpkin", "plum jam", "watercolour", "rabbit")),
    ("I'm terrified of {}, I had to leave the room.", "What is {who} scared of?", ("spiders", "needles", "balloons", "thunder")),
    ("We booked two weeks in {} for the summer.", "Where is {who} going on vacation?", ("Iceland", "Sardinia", "Morocco", "the Azores")),
    ("My grandmother taught me to make {}.", "Which dish does {who} cook from a family recipe?", ("dumplings", "goulash", "lentil soup", "poppy seed cake")),
    ("I lent my brother money for his {}.", "What did {who} help a sibling pay for?", ("bakery", "divorce lawyer", "motorbike", "roof")),
    ("My flight was cancelled and I slept in {}.", "Where was {who} stranded overnight?", ("Frankfurt", "a bus station", "Oslo", "a chapel")),
    ("I signed up for a {} in October.", "What sporting challenge did {who} register for?", ("marathon", "triathlon", "swim across the lake", "climbing course")),
    ("My boss wants me to learn {} by spring.", "Which skill is expected of {who} at the workplace?", ("Japanese", "welding", "bookkeeping", "sign language")),
    ("We painted the kitchen {} and regret it.", "What colour did {who} choose when decorating?", ("turquoise", "mustard", "purple", "black")),
    ("Our daughter wants to study {} abroad.", "Which subject interests {who}'s child?", ("astronomy", "veterinary medicine", "law", "puppetry")),
    ("The basement flooded and ruined my {}.", "What did {who} lose to the damage at home?", ("vinyl records", "sewing machine", "wine", "photo albums")),
    ("I've been volunteering at the {} since March.", "Where does {who} help out for free?", ("hospice", "animal shelter", "fire brigade", "library")),
    ("I stopped drinking {} a month ago.", "Which beverage did {who} give up?", ("coffee", "beer", "cola", "black tea")),
)  # fmt: skip

# Said once by each of the two, with a name, a number or a code; asked about with just that.
EXACT: tuple[tuple[str, str, str], ...] = (
    ("The booking code for the ferry is {}.", "What is {}?", "code"),
    ("If the heating fails again, the contract number is {}.", "Which contract is {}?", "code"),
    ("The gate of the garage opens with {} now.", "What is {} for?", "code"),
    ("My library card is {}, use it when you are there.", "Whose card is {}?", "code"),
    ("The parcel has the tracking number {}.", "What was sent with {}?", "code"),
    ("The plumber wanted {} euros for one hour.", "Who asked for {} euros?", "number"),
    ("I ran the whole round in {} minutes.", "What took {} minutes?", "number"),
    ("There were {} people at the reading, we counted.", "Where were {} people?", "number"),
    ("The new flat has {} square metres, balcony included.", "What has {} square metres?", "number"),
    ("They offered me {} a month, before tax.", "Who was offered {} a month?", "number"),
    ("The new head of department is called {}.", "Who is {}?", "name"),
    ("{} from the choir can look after the plants.", "What can {} do for us?", "name"),
    ("The best vet in town is {}, says everybody.", "What is said about {}?", "name"),
    ("I met {} on the train, after eleven years.", "Where did somebody run into {}?", "name"),
    ("{} still owes me a drill.", "What does {} owe?", "name"),
)

# Asked by one, answered by the other; the answer alone does not say what it is about.
REPLIES: tuple[tuple[str, str, str], ...] = (
    ("Where did you leave the car?", "Level four, next to the blue pillar.", "Where had {who} parked?"),
    (
        "What should I bring on Saturday?",
        "Just a blanket and your good mood.",
        "What was asked to be brought along on Saturday by {who}?",
    ),
    ("Who is picking up the twins?", "Margit, at half past three.", "Who fetches the twins, according to {who}?"),
    ("How did the interview go?", "Terrible, I forgot my own address.", "How did {who}'s job interview turn out?"),
    ("Which seat did you get?", "Row twelve, by the aisle.", "Where on the plane does {who} sit?"),
    (
        "What is the wifi password of the cabin?",
        "It is on the fridge, under the moose.",
        "Where can the wifi password of the cabin be found, as {who} told?",
    ),
    ("What did the judge say?", "Six months, but suspended.", "What was the sentence that {who} told of?"),
    ("How long do the beans need?", "Fourty minutes, then salt.", "How long are the beans cooked, says {who}?"),
    (
        "Why did they close the bridge?",
        "Rust, all the way through.",
        "For what reason was the bridge shut, says {who}?",
    ),
    (
        "What are you wearing to the wedding?",
        "The green suit, no tie.",
        "Which clothes will {who} wear at the wedding?",
    ),
    ("When is your mother's train?", "Quarter to nine, platform two.", "When does {who}'s mother travel?"),
    (
        "What was wrong with the washing machine?",
        "A hairpin in the pump.",
        "Why had {who}'s washing machine broken down?",
    ),
    ("Which colour is the new carpet?", "Something between sand and mud.", "What does {who}'s carpet look like?"),
    ("Who won the quiz?", "The librarians, as always.", "Who came first in the quiz that {who} went to?"),
    (
        "How much did they ask for the boat?",
        "Nine thousand, and they meant it.",
        "What was the price of the boat that {who} looked at?",
    ),
    ("What did you plant behind the shed?", "Rhubarb, three rows of it.", "What grows behind {who}'s shed?"),
    ("Where is the spare key?", "Under the third flowerpot.", "Where does {who} hide the second key?"),
    ("What do we say if she asks?", "That the dog ate it.", "Which excuse did {who} suggest?"),
)

# Both have an opinion of the same thing; asked is what one of them thinks.
OPINIONS: tuple[tuple[str, str], ...] = (
    ("the opera", "About the opera: {} if you ask me."), ("night trains", "Night trains are {}, that is my view."),
    ("the new mayor", "The new mayor? {}."), ("camping", "Camping is {} at our age."),
    ("the vegan canteen", "I find the vegan canteen {}."), ("horoscopes", "Horoscopes are {}, honestly."),
    ("the roundabout", "The roundabout turned out {}."), ("online dating", "Online dating: {}."),
    ("winter swimming", "Winter swimming is {}, I tried it."), ("the robot vacuum", "The robot vacuum is {}."),
    ("school uniforms", "School uniforms would be {}."), ("karaoke", "Karaoke with colleagues is {}."),
    ("the detective series", "That detective series is {}."), ("open offices", "Open offices are {} for me."),
    ("the brass band", "The brass band was {} yesterday."),
)  # fmt: skip
VERDICTS = (
    "wonderful", "a waste of money", "overrated", "better than expected", "a nightmare", "quite charming", "too loud",
    "a blessing", "pure nonsense", "surprisingly good",
)  # fmt: skip

# One does what the other does not; asked is who does not, or what not.
NEGATIONS: tuple[tuple[str, str, str], ...] = (
    ("I love olives, give me a bowl.", "I can't stand olives, keep them away.", "What does {who} refuse to eat?"),
    (
        "I fly every month for work.",
        "I don't get on planes any more, ever.",
        "Which means of transport does {who} avoid?",
    ),
    (
        "I signed the petition right away.",
        "I did not sign that petition.",
        "What did {who} decline to put a name under?",
    ),
    (
        "I use social media all day.",
        "I never had an account anywhere, no social media.",
        "What has {who} never joined?",
    ),
    ("I vote in every election.", "I haven't voted in years.", "Which duty of a citizen does {who} neglect?"),
    (
        "I like horror films, the bloodier the better.",
        "No horror films for me, I don't sleep after them.",
        "What kind of cinema does {who} not bear?",
    ),
    ("I eat breakfast like an emperor.", "I don't eat anything before noon.", "Which meal does {who} skip?"),
    ("I told my parents about the move.", "I haven't told my parents yet.", "Whom has {who} not informed?"),
    (
        "I finished the tax return in February.",
        "I still have not done my tax return.",
        "Which paperwork has {who} left undone?",
    ),
    (
        "I got the flu vaccine at the office.",
        "I won't get the flu vaccine this year.",
        "Which protection does {who} decline?",
    ),
)

CHATTER = (
    "How was your day?", "Not bad, I was at the {} again.", "The {} was closed, typical.", "Haha, that sounds like you.",
    "Did you see the {} on the news?", "I was thinking about the {} all morning.", "Let's talk tomorrow.",
    "Somebody at work brought a {}.", "I can't decide about the {} yet.", "Good morning! Did you sleep well?",
    "You should really try the {}.", "It rained the whole afternoon, so I cleaned the {}.", "What do you think?",
    "My friend told me a long story about a {}.", "I agree, completely.", "That reminds me of the {} we once saw.",
)  # fmt: skip
THINGS = (
    "market", "garden", "parade", "museum", "elevator", "festival", "bakery", "tram", "swimming pool", "concert", "sofa",
    "window", "election", "storm", "cat", "bicycle", "recipe", "phone", "holiday", "doctor", "car", "book", "dentist",
    "kitchen", "lake", "birthday", "flight", "prize", "soup", "camera", "teacher", "coffee", "shelter", "brother",
)  # fmt: skip

# What people tell of themselves in one sentence, and what they may ask that has to do with it.
TOLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("I keep bees.", ("What do my hives need in winter?", "When is the best time to harvest honey?", "Do I have any animals?")),
    ("My daughter is called Klara.", ("What is my child's name?", "Suggest a birthday present for my girl.")),
    ("I am allergic to peanuts.", ("Can I eat this satay sauce?", "Which foods must I avoid?", "Is this snack safe for me?")),
    ("I live in Graz, near the river.", ("Where is my home?", "What can I do in my city this weekend?")),
    ("I work as a nurse on night shifts.", ("What is my job?", "How can I sleep better during the day?")),
    ("I prefer short answers.", ("How long should your replies be?",)),
    ("My dentist appointment is on 3 May.", ("When do I have to see the dentist?", "What is in my calendar in May?")),
    ("I am learning the cello.", ("Which instrument do I play?", "Recommend me some easy music to practise.")),
    ("My car is an old blue Volvo.", ("What do I drive?", "Which oil should I buy for my vehicle?")),
    ("I am a vegetarian.", ("Which dishes suit me?", "Plan a dinner for me without meat.")),
    ("My brother Tom lives in Oslo.", ("Do I have siblings?", "Who do I know in Norway?")),
    ("I run a marathon every autumn.", ("Which sports do I do?", "How should I train for the race?")),
)  # fmt: skip

# What has to do with none of it.
ANYTHING: tuple[str, ...] = (
    "hello",
    "thanks, that is all for now",
    "what is 6 * 7",
    "Can you explain how income tax brackets work?",
    "Write a poem about the sea in autumn.",
    "How do I reverse a list in Python?",
    "What is the capital of Mongolia?",
    "Summarise the causes of the First World War.",
    "Translate good morning into Portuguese.",
    "remind me tomorrow at nine to call the office",
    "What time is it in Tokyo?",
    "Give me a recipe for lentil curry.",
    "What does the word ephemeral mean?",
    "How does a heat pump work?",
    "Draft a polite email declining an invitation.",
    "Which planets have rings?",
    "Help me plan my week.",
    "What is the difference between TCP and UDP?",
    "Recommend a science fiction novel.",
    "How long does it take to boil an egg?",
    "Fix this sentence: he go to school yesterday.",
    "Tell me a joke about cats.",
    "How do vaccines work?",
    "What should I wear for a job interview?",
    "Explain compound interest to a child.",
    "Who painted the Night Watch?",
    "Make a packing list for a week of hiking.",
    "What are the rules of offside in football?",
    "Convert 5 miles to kilometres.",
    "How do I remove a coffee stain from a shirt?",
)
