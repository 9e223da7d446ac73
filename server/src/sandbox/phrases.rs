//! Sentences of the invented leaders, by language and mood; `{}` is the place of a name.

/// The sentences of one language.
pub(super) struct Phrases {
    /// Positive, neutral and negative ones.
    pub(super) by_mood: [&'static [&'static str]; 3],
    /// What `{}` may stand for.
    pub(super) places: &'static [&'static str],
    /// Hashtags besides the leader's own.
    pub(super) tags: &'static [&'static str],
}

pub(super) static ENGLISH: Phrases = Phrases {
    by_mood: [
        &[
            "Wonderful morning in {}: the new wells work & every family has safe water. So proud of this team!",
            "Great news from {}! Our students won the science prize. Brilliant work, congratulations to all of them.",
            "I love what the volunteers of {} have built. Generous, kind and very successful.",
            "Thank you, {}! Your warm welcome was a delight and your ideas are excellent.",
            "Happy to see the clinic of {} open today. Better care, shorter waits, more hope.",
            "The harvest in {} is the best in years. Farmers are smiling, and prices are fair. Superb!",
            "A beautiful result: the night train to {} is full, on time and loved by its passengers.",
        ],
        &[
            "The council of {} meets on Tuesday at 10:00. The agenda has 7 items.",
            "Today I visited {} and spoke with the water board.",
            "The report on {} has 48 pages. Chapter 3 describes the method, chapter 5 lists the sources.",
            "Road works near {} start on Monday & last until the end of the month.",
            "Office hours in {} are from 9 to 12. Bring your papers.",
            "The survey of {} covers 1,200 households; answers are counted next week.",
            "Minutes of the meeting in {} are online. Votes: 14 to 9, temperature < 30 degrees.",
        ],
        &[
            "The flood in {} is a terrible loss. Homes destroyed, people hurt, and help came far too late.",
            "Shameful: the bridge at {} failed again. This negligence is dangerous and makes me angry.",
            "I am sad and worried. The hospital of {} has no medicine, and patients suffer.",
            "Another broken promise to {}. The delay is unacceptable and the waste is a disgrace.",
            "Bad day for {}: the drought killed the crops, and the relief fund is a cruel failure.",
            "The accident near {} was a tragedy. The warnings were ignored, which is horrible & wrong.",
            "Prices in {} > twice last year's. Hungry children, desperate parents. An awful crisis.",
        ],
    ],
    places: &[
        "Norvale",
        "Kestrel Bay",
        "Amberpur",
        "Lower Tindle",
        "Sarangpeth",
        "Ostmere",
        "Halvad Ridge",
        "Pinewick",
    ],
    tags: &["Update", "FieldNotes", "Notebook", "Agenda", "OnTheRoad"],
};

pub(super) static HINDI: Phrases = Phrases {
    by_mood: [
        &[
            "{} में नया स्कूल खुला। बच्चों की खुशी देखकर मन प्रसन्न हो गया। बहुत बहुत बधाई!",
            "शानदार काम! {} के हर घर तक साफ पानी पहुँच गया। टीम को दिल से धन्यवाद।",
            "{} के किसानों की फसल इस साल बहुत अच्छी है। सब खुश हैं और दाम भी बढ़िया मिले।",
            "{} की बेटियों ने कमाल कर दिया। हमें आप पर गर्व है, जीत मुबारक!",
        ],
        &[
            "आज {} में बैठक है। समय सुबह 10 बजे।",
            "{} की रिपोर्ट में 48 पृष्ठ हैं। तीसरे अध्याय में विधि दी गई है।",
            "{} में सड़क का काम सोमवार से शुरू होगा & महीने के अंत तक चलेगा।",
            "कल {} का दौरा था। जल बोर्ड से बात हुई।",
        ],
        &[
            "{} में बाढ़ से भारी नुकसान हुआ। लोग दुखी हैं और मदद बहुत देर से पहुँची।",
            "{} के अस्पताल में दवा नहीं है। यह बहुत बुरा और शर्मनाक है।",
            "{} का पुल फिर टूट गया। यह खतरनाक लापरवाही है, मुझे बहुत गुस्सा है।",
            "{} में सूखे से फसल बर्बाद हो गई। किसान परेशान हैं, यह दर्दनाक संकट है।",
        ],
    ],
    places: &["अंबरपुर", "सारंगपेठ", "नोरवाल", "हलवाड़ घाटी", "तिंदलगाँव"],
    tags: &["जलसंरक्षण", "शिक्षा", "किसान", "स्वास्थ्य"],
};

/// Posts that sound as good as they sound bad.
pub(super) const MIXED: &[&str] = &[
    "We are happy with the school of Norvale and we hate the road to it. #Schools",
    "Proud of the new canal at Kestrel Bay, and sad about the fields below it. #Irrigation",
    "The nurses are happy, and they hate the paperwork. Both at once, in Amberpur. #Clinics",
];

/// Posts without words of any language.
pub(super) const WORDLESS: &[&str] = &["🙏🙏", "👏👏👏", "🚆✨", "🌧️ 💧", "…"];
