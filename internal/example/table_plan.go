package example

// text is a text in both languages.
type text struct{ fr, en string }

func (t text) in(lang string) string {
	if lang == "en" {
		return t.en
	}
	return t.fr
}

// person is somebody of Maison Lumière: none of them exists, and their addresses lie in a domain reserved for examples.
type person struct {
	key, name, email, role string
}

var people = []person{
	{"camille", "Camille Bernard", "camille.bernard@maison-lumiere.example.com", "editor"},
	{"ines", "Inès Moreau", "ines.moreau@maison-lumiere.example.com", "facilitator"},
	{"julien", "Julien Petit", "julien.petit@maison-lumiere.example.com", "viewer"},
	{"karim", "Karim Haddad", "karim.haddad@maison-lumiere.example.com", "dpo"},
	{"marc", "Marc Olivier", "marc.olivier@maison-lumiere.example.com", "editor"},
	{"sophie", "Sophie Lemaire", "sophie.lemaire@maison-lumiere.example.com", "admin"},
}

type team struct {
	key     string
	name    text
	about   text
	members []string
}

var teams = []team{
	{"marketing", text{"Marketing client", "Customer marketing"}, text{"Relation client, fidélité, campagnes.", "Customer relationship, loyalty, campaigns."}, []string{"camille", "ines"}},
	{"ecommerce", text{"E-commerce", "E-commerce"}, text{"Site marchand, application, avis.", "Shop, application, reviews."}, []string{"sophie"}},
	{"magasins", text{"Réseau de magasins", "Stores"}, text{"84 magasins en France et en Belgique.", "84 stores in France and Belgium."}, []string{"marc"}},
	{"service", text{"Service client", "Customer service"}, text{"Téléphone, messagerie, réclamations.", "Phone, messaging, complaints."}, []string{"ines"}},
	{"dsi", text{"Systèmes d’information", "Information systems"}, text{"Architecture, entrepôt de données, flux.", "Architecture, data warehouse, flows."}, []string{"julien"}},
	{"finance", text{"Finance et logistique", "Finance and logistics"}, text{"Comptabilité, facturation, livraisons.", "Accounting, invoicing, deliveries."}, []string{"julien"}},
}

type point struct {
	key, kind       string
	name            text
	notice, consent string
	url             string
	says            bool        // whether it says of its fields which answers are mandatory; the others are optional
	mandatory       []mandatory // by the names of its fields
}

// mandatory is a field that people must fill in, with what follows where they do not.
type mandatory struct {
	field   string
	without text
}

// published is a notice that was published some days from the day of reference, before some recipients received the data.
type published struct {
	point  string
	days   int
	before []string
}

var notices = []published{{"compte", -130, []string{"Orion Software", "Prisme Data"}}, {"newsletter", -25, nil}}

var points = []point{
	{key: "compte", kind: "account", name: text{"Espace client", "Customer account"}, notice: "yes", consent: "yes",
		url: "https://maison-lumiere.example/donnees", says: true, mandatory: []mandatory{
			{"LastName", text{"Le compte ne peut pas être ouvert.", "The account cannot be opened."}},
			{"Email", text{"Le compte ne peut pas être ouvert.", "The account cannot be opened."}}}},
	{key: "web", kind: "web_form", name: text{"Tunnel de commande", "Checkout"}, notice: "yes", consent: "not_needed"},
	{key: "newsletter", kind: "web_form", name: text{"Inscription à la newsletter", "Newsletter sign-up"}, notice: "yes", consent: "yes",
		url: "https://maison-lumiere.example/newsletter", says: true, mandatory: []mandatory{
			{"EMAIL", text{"La newsletter ne peut pas vous être envoyée.", "The newsletter cannot be sent to you."}}}},
	{key: "traceurs", kind: "cookie", name: text{"Traceurs du site", "Trackers of the site"}, notice: "yes", consent: "yes"},
	{key: "application", kind: "mobile_app", name: text{"Application mobile", "Mobile application"}, notice: "yes", consent: "unknown"},
	{key: "caisse", kind: "store", name: text{"Caisse en magasin", "Till in store"}, notice: "no", consent: "unknown"},
	{key: "carte", kind: "paper", name: text{"Bulletin de la carte de fidélité", "Loyalty card form"}, notice: "yes", consent: "yes"},
	{key: "magasin", kind: "store", name: text{"Saisie par un conseiller en magasin", "Typed by a store adviser"}, notice: "no", consent: "no"},
	{key: "telephone", kind: "call", name: text{"Appel au service client", "Call to customer service"}, notice: "yes", consent: "not_needed"},
	{key: "messagerie", kind: "web_form", name: text{"Messagerie et discussion", "Messaging and chat"}, notice: "yes", consent: "not_needed"},
	{key: "enquete", kind: "survey", name: text{"Enquête en ligne", "Online survey"}, notice: "yes", consent: "not_needed"},
	{key: "avis", kind: "web_form", name: text{"Formulaire d’avis", "Review form"}, notice: "yes", consent: "not_needed"},
}

type purpose struct {
	code                        string
	name, about, use            text // use ends the sentence "This value serves to …"
	basis                       string
	reference                   text
	interest, proof, withdrawal text
	rule                        string // code of its retention rule
	necessity, balance          text   // of a legitimate interest or a contract
	assessed                    int    // days from the day of reference; zero where nobody weighed the interest
	source, measures            text
	recipients                  []recipient
	transfers                   []transfer
	elsewhere                   []aside // derived from the inventory, and set aside
	screening                   *screening
	published                   bool
	needsProgram                bool
	review                      int // days from the day of reference
}

// recipient is to whom data goes; until is the end of the contract, in days from the day of reference.
type recipient struct {
	kind     string
	name     text
	contract string
	until    int
	clauses  string
}

type transfer struct {
	recipient, country, safeguard string
	assessed, until               int // days from the day of reference
	document                      text
}

// screening is the DPO's verdict on an impact assessment.
type screening struct {
	criteria []string
	verdict  string
	reason   text
	document text
	on       int // days from the day of reference
}

// rule is a retention rule: a preset as it stands, a preset that was changed for a reason, or one of the company's own.
type rule struct {
	code, preset    string
	name            text
	triggers        []string
	active, archive int // months; -1 for none
	ground, reason  text
}

var rules = []rule{
	{code: "ACCOUNTING", preset: "ACCOUNTING"},
	{code: "ATELIER", name: text{"Ateliers et conseil", "Workshops and advice"}, triggers: []string{"event_date"}, active: 12, archive: -1},
	{code: "COMMANDE", name: text{"Commandes, livraisons et retours", "Orders, deliveries and returns"}, triggers: []string{"delivery", "last_purchase"}, active: 24, archive: 36,
		ground: text{"Preuve du contrat pendant la prescription (C. civ. 2224)", "Proof of the contract during the limitation period (French C. civ. 2224)"}},
	{code: "COMPLAINT", preset: "COMPLAINT", active: 0, archive: 36,
		reason: text{"Les garanties de la maison durent trois ans : au-delà, aucune réclamation n’est reçue.", "The house’s warranties last three years: no complaint is received after that."}},
	{code: "COOKIE", preset: "COOKIE"},
	{code: "CUSTOMER_MKT", preset: "CUSTOMER_MKT"},
	{code: "JOURNAUX", name: text{"Historique technique et commercial court", "Short technical and commercial history"}, triggers: []string{"event_date"}, active: 12, archive: -1},
	{code: "LOGS", preset: "LOGS"},
	{code: "LOYALTY", preset: "LOYALTY"},
	{code: "PROSPECT", preset: "PROSPECT"},
	{code: "SURVEY", preset: "SURVEY", active: 24, archive: -1,
		reason: text{"Deux ans pour comparer une campagne d’enquête avec la précédente.", "Two years, to compare a survey with the one before."}},
	{code: "VENTES", name: text{"Suivi des ventes et du service", "Sales and service follow-up"}, triggers: []string{"last_purchase", "last_contact_from_person"}, active: 24, archive: -1},
}

// aside is a recipient or a transfer that the inventory shows and that the DPO set aside.
type aside struct{ what, value string }

// whyElsewhere is the reason for which the DPO sets something aside.
var whyElsewhere = text{"L’outil tient ces données pour une autre finalité ; celle-ci n’y envoie rien.", "The tool holds this data for another purpose; this one sends nothing to it."}

// datasetRules are the rules of datasets, by the months that their table gives.
var datasetRules = map[int]string{6: "LOGS", 12: "JOURNAUX", 13: "COOKIE", 24: "VENTES", 36: "PROSPECT", 60: "COMMANDE", 120: "ACCOUNTING"}

var purposes = []purpose{
	{code: "CRM-01", name: text{"Prospection par e-mail, SMS et courrier", "Marketing by e-mail, SMS and post"},
		about: text{"Informer les clients et les abonnés des collections, des offres et des ateliers.", "Tell customers and subscribers about collections, offers and workshops."},
		use:   text{"adresser au bon destinataire les messages qu’il a acceptés", "send the messages that the person accepted to the right place"},
		basis: "a_consent", reference: text{"Art. 6(1)(a) RGPD, art. L. 34-5 CPCE", "GDPR art. 6(1)(a), art. L. 34-5 of the French CPCE"},
		proof:      text{"Date, source et version du texte, conservées dans Orion CRM.", "Date, source and version of the text, kept in Orion CRM."},
		withdrawal: text{"Lien de désinscription, STOP par SMS, espace client.", "Unsubscribe link, STOP by SMS, customer account."},
		rule:       "PROSPECT",
		recipients: []recipient{{"internal", text{"Marketing client", "Customer marketing"}, "", 0, ""}, {"processor", text{"Mailéo SAS", "Mailéo SAS"}, "signed", 300, "yes"}, {"processor", text{"Orion Software", "Orion Software"}, "signed", 410, "yes"}}, needsProgram: true,
		source:   text{"La personne elle-même : compte, caisse, formulaire d’inscription.", "The person: account, till, subscription form."},
		measures: text{"Accès nominatifs avec double authentification, envois journalisés, liste d’opposition partagée entre les outils.", "Named accounts with two factors, deliveries logged, one suppression list for all tools."},
		elsewhere: []aside{{"recipients", "Commerzia"}, {"recipients", "Prisme Data"}, {"recipients", "Sondo"}, {"recipients", "Vocalis"},
			{"transfers", "Prisme Data, US"}, {"transfers", "Vocalis, MA"}},
		published: true,
		review:    120},
	{code: "CRM-02", name: text{"Programme de fidélité", "Loyalty programme"},
		about: text{"Tenir le compte de points des adhérents et leur remettre leurs avantages.", "Keep the members’ points account and give them their benefits."},
		use:   text{"tenir le compte de l’adhérent et lui remettre ses avantages", "keep the member’s account and give the benefits"},
		basis: "b_contract", reference: text{"Règlement du programme, version 4", "Rules of the programme, version 4"}, rule: "LOYALTY",
		recipients: []recipient{{"internal", text{"Marketing client", "Customer marketing"}, "", 0, ""}, {"internal", text{"Magasins", "Stores"}, "", 0, ""}, {"processor", text{"Fidélis", "Fidélis"}, "signed", -20, "yes"}}, needsProgram: true,
		necessity: text{"Sans numéro de carte ni historique d’achats, les points ne peuvent être ni comptés ni remis.", "Without a card number and purchases, points can be neither counted nor given."},
		source:    text{"La personne elle-même, en magasin ou en ligne.", "The person, in store or online."},
		published: true,
		review:    200},
	{code: "CRM-03", name: text{"Connaissance client et personnalisation", "Customer knowledge and personalisation"},
		about: text{"Segmenter les clients pour leur proposer des univers et des services qui leur correspondent.", "Segment customers to offer them ranges and services that suit them."},
		use:   text{"proposer les univers et les services qui correspondent au client", "offer the ranges and services that suit the customer"},
		basis: "f_legitimate", reference: text{"Art. 6(1)(f) RGPD", "GDPR art. 6(1)(f)"},
		interest: text{"Proposer moins de messages, mieux choisis.", "Send fewer messages, better chosen."}, rule: "CUSTOMER_MKT",
		recipients: []recipient{{"internal", text{"Marketing client", "Customer marketing"}, "", 0, ""}, {"processor", text{"Prisme Data", "Prisme Data"}, "signed", 200, "unknown"}}, needsProgram: true,
		necessity: text{"La segmentation se contente des achats et des préférences ; ni revenus ni situation familiale.", "Segments use purchases and preferences only; neither income nor family."},
		balance:   text{"Les clients s’attendent à des conseils liés à leurs achats ; opposition en un clic, pas de décision automatisée.", "Customers expect advice about what they buy; one click to object, no automated decision."},
		assessed:  -800,
		source:    text{"Achats, navigation et réponses de la personne.", "Purchases, browsing and answers of the person."},
		transfers: []transfer{{"Prisme Data", "US", "scc_c2p", -210, 200, text{"Contrat-cadre Prisme, annexe 3", "Prisme master agreement, annex 3"}}},
		elsewhere: []aside{{"recipients", "Commerzia"}, {"recipients", "Mailéo SAS"}, {"recipients", "Orion Software"}, {"recipients", "Sondo"}, {"recipients", "Vocalis"},
			{"transfers", "Vocalis, MA"}},
		screening: &screening{[]string{"scoring", "large_scale", "matching"}, "required", text{"Trois critères retenus : notation, plus d’un million de personnes, croisement des achats et de la navigation.", "Three criteria retained: scoring, more than a million people, purchases matched with browsing."}, text{}, -40},
		review:    60},
	{code: "VTE-01", name: text{"Commandes, livraisons et retours", "Orders, deliveries and returns"},
		about: text{"Vendre, livrer, reprendre et rembourser.", "Sell, deliver, take back and refund."},
		use:   text{"exécuter la commande, la livraison ou le retour", "carry out the order, the delivery or the return"},
		basis: "b_contract", reference: text{"Conditions générales de vente", "General terms of sale"}, rule: "COMMANDE",
		recipients: []recipient{{"internal", text{"Service client", "Customer service"}, "", 0, ""}, {"partner", text{"Transporteurs", "Carriers"}, "", 0, ""}, {"partner", text{"Prestataire de paiement", "Payment provider"}, "", 0, ""}, {"processor", text{"Commerzia", "Commerzia"}, "signed", 520, "yes"}},
		necessity:  text{"La commande ne peut être livrée, reprise ni remboursée sans l’identité, l’adresse et le contenu.", "An order cannot be delivered, taken back or refunded without identity, address and content."},
		published:  true,
		review:     240},
	{code: "CPT-01", name: text{"Comptabilité, facturation et impayés", "Accounting, invoicing and unpaid bills"},
		about: text{"Tenir les comptes, conserver les pièces et recouvrer les créances.", "Keep the accounts, store the documents and collect debts."},
		use:   text{"tenir et justifier les comptes", "keep and justify the accounts"},
		basis: "c_legal", reference: text{"Art. L. 123-22 du code de commerce, art. L. 102 B du LPF", "Art. L. 123-22 of the French Commercial Code, art. L. 102 B of the LPF"}, rule: "ACCOUNTING",
		recipients: []recipient{{"internal", text{"Finance", "Finance"}, "", 0, ""}, {"other", text{"Commissaire aux comptes", "Auditor"}, "", 0, ""}, {"authority", text{"Administration fiscale", "Tax authority"}, "", 0, ""}}, published: true, review: 300},
	{code: "SAV-01", name: text{"Service client et réclamations", "Customer service and complaints"},
		about: text{"Répondre aux demandes, traiter les réclamations et garantir les produits.", "Answer requests, handle complaints and honour warranties."},
		use:   text{"traiter la demande ou la réclamation", "handle the request or the complaint"},
		basis: "b_contract", reference: text{"Conditions générales de vente, garanties légales", "General terms of sale, legal warranties"}, rule: "COMPLAINT",
		recipients: []recipient{{"internal", text{"Service client", "Customer service"}, "", 0, ""}, {"processor", text{"Vocalis", "Vocalis"}, "signed", 60, "yes"}},
		necessity:  text{"La demande ne peut être traitée sans savoir de qui elle vient ni sur quel achat elle porte.", "A request cannot be handled without knowing whose it is and which purchase it is about."},
		transfers:  []transfer{{"Vocalis", "MA", "scc_c2p", -420, 60, text{"Avenant Vocalis du plateau de Rabat", "Vocalis amendment for the Rabat site"}}},
		review:     90},
	{code: "SAT-01", name: text{"Enquêtes de satisfaction et avis", "Satisfaction surveys and reviews"},
		about: text{"Mesurer la satisfaction et publier des avis vérifiés.", "Measure satisfaction and publish verified reviews."},
		use:   text{"mesurer la satisfaction et vérifier les avis", "measure satisfaction and verify reviews"},
		basis: "f_legitimate", reference: text{"Art. 6(1)(f) RGPD, art. L. 111-7-2 C. conso.", "GDPR art. 6(1)(f), art. L. 111-7-2 of the French Consumer Code"},
		interest: text{"Améliorer les produits et le service, sans promotion.", "Improve products and service, without promotion."}, rule: "SURVEY",
		recipients: []recipient{{"processor", text{"Sondo", "Sondo"}, "signed", 150, "yes"}, {"processor", text{"AvisClair", "AvisClair"}, "in_progress", 0, "no"}}, needsProgram: true,
		necessity: text{"L’adresse sert à l’envoi de l’enquête ; les réponses sont analysées sans elle.", "The address serves to send the survey; answers are analysed without it."},
		balance:   text{"Une enquête par achat au plus, refus en un clic.", "One survey per purchase at most, one click to refuse."},
		assessed:  -160,
		review:    150},
	{code: "WEB-01", name: text{"Mesure d’audience et relance de panier", "Audience measurement and basket reminders"},
		about: text{"Mesurer l’usage du site et relancer les paniers, avec l’accord du visiteur.", "Measure the use of the site and remind of baskets, with the visitor’s consent."},
		use:   text{"relancer le panier que le visiteur a laissé", "remind the visitor of the basket left behind"},
		basis: "a_consent", reference: text{"Art. 82 de la loi Informatique et Libertés", "Art. 82 of the French Data Protection Act"},
		proof:      text{"Chaîne de consentement de la plateforme de gestion.", "Consent string of the management platform."},
		withdrawal: text{"Lien « Gérer mes traceurs » en pied de page.", "“Manage my trackers” link at the foot of the page."}, rule: "COOKIE",
		recipients: []recipient{{"internal", text{"E-commerce", "E-commerce"}, "", 0, ""}, {"processor", text{"Prisme Data", "Prisme Data"}, "signed", 200, "unknown"}}, needsProgram: true,
		transfers: []transfer{{"Prisme Data", "US", "scc_c2p", -210, 200, text{"Contrat-cadre Prisme, annexe 3", "Prisme master agreement, annex 3"}}},
		source:    text{"Traceurs du site, après accord.", "Trackers of the site, after consent."},
		review:    30},
	// The condition of art. 9(2) is missing here on purpose: Utile shows it.
	{code: "ACC-01", name: text{"Accueil adapté et conseil en éclairage", "Adapted welcome and lighting advice"},
		about: text{"Accueillir en atelier et conseiller selon la gêne visuelle ou le besoin d’accès que le client signale.", "Welcome people in workshops and advise them according to the visual discomfort or access need that they mention."},
		use:   text{"adapter l’accueil et le conseil à ce que le client a signalé", "adapt the welcome and the advice to what the customer mentioned"},
		basis: "b_contract", reference: text{"Conditions des ateliers", "Terms of the workshops"}, rule: "ATELIER",
		recipients: []recipient{{"internal", text{"Magasins", "Stores"}, "", 0, ""}}, review: -15},
}

type objective struct {
	key               string
	name, kpi, target text
}

var objectives = []objective{
	{"second", text{"Provoquer le deuxième achat", "Bring about the second purchase"}, text{"Part de nouveaux clients qui rachètent sous 90 jours", "Share of new customers who buy again within 90 days"}, text{"28 %", "28%"}},
	{"fideliser", text{"Faire vivre la fidélité", "Keep loyalty alive"}, text{"Part du chiffre d’affaires réalisée avec la carte", "Share of revenue made with the card"}, text{"60 %", "60%"}},
	{"satisfaire", text{"Satisfaire et réparer", "Satisfy and repair"}, text{"NPS", "NPS"}, text{"45", "45"}},
	{"conseiller", text{"Conseiller l’éclairage chez soi", "Advise on lighting at home"}, text{"Rendez-vous de conseil par magasin et par mois", "Advice meetings per store and month"}, text{"30", "30"}},
}

// program is one of the relational plan, from a template. Days count from the day of reference; 0 is no date.
type program struct {
	template            string
	status              string
	objective, owner    string
	stage               string
	purposes            []string
	starts, ends, pause int
}

var programs = []program{
	{template: "WELCOME", status: "live", objective: "second", owner: "camille", stage: "new_customer", purposes: []string{"CRM-01"}, starts: -820},
	{template: "NEWSLETTER", status: "live", objective: "second", owner: "camille", stage: "active", purposes: []string{"CRM-01"}, starts: -1400},
	{template: "BIRTHDAY", status: "live", objective: "fideliser", owner: "camille", stage: "active", purposes: []string{"CRM-01", "CRM-02"}, starts: -690},
	{template: "LOYALTY", status: "live", objective: "fideliser", owner: "camille", stage: "loyal", purposes: []string{"CRM-02"}, starts: -1900},
	{template: "VIP", status: "live", objective: "fideliser", owner: "marc", stage: "loyal", purposes: []string{"CRM-03"}, starts: -410},
	{template: "TRANSACTIONAL", status: "live", objective: "satisfaire", owner: "sophie", stage: "active", purposes: []string{"VTE-01"}, starts: -1600},
	{template: "POST_PURCHASE", status: "live", objective: "satisfaire", owner: "sophie", stage: "new_customer", purposes: []string{"SAT-01", "CRM-01"}, starts: -350},
	{template: "SATISFACTION", status: "live", objective: "satisfaire", owner: "ines", stage: "active", purposes: []string{"SAT-01"}, starts: -760},
	{template: "ABANDON_CART", status: "live", objective: "second", owner: "sophie", stage: "prospect", purposes: []string{"WEB-01"}, starts: -540},
	{template: "WINBACK", status: "paused", objective: "second", owner: "camille", stage: "inactive", purposes: []string{"CRM-01"}, starts: -480, pause: -12},
	{template: "LOCAL_EVENT", status: "paused", objective: "conseiller", owner: "marc", stage: "active", purposes: []string{"CRM-01"}, starts: -900, pause: -230},
	{template: "CROSS_SELL", status: "planned", objective: "conseiller", owner: "camille", stage: "active", purposes: []string{"CRM-03"}, starts: 120},
	{template: "REFERRAL", status: "ended", objective: "second", owner: "camille", stage: "loyal", purposes: []string{"CRM-02"}, starts: -1300, ends: -430},
	{template: "PREFERENCE_CENTER", status: "idea", objective: "conseiller", owner: "ines", stage: "active", purposes: []string{"CRM-03"}},
}

type flow struct {
	from, fromSet, to, toSet string
	name                     text
	mechanism, frequency     text
	encrypted, country       string
	purpose                  string
}

var flows = []flow{
	{"Boutique en ligne", "customer_entity", "Orion CRM", "Contact", text{"Comptes du site vers le CRM", "Shop accounts to the CRM"}, text{"API", "API"}, text{"real_time", "real_time"}, "yes", "France", "CRM-01"},
	{"CaisseNova", "T_CLIENT", "Orion CRM", "Contact", text{"Clients des caisses vers le CRM", "Till customers to the CRM"}, text{"Fichier CSV par SFTP", "CSV file by SFTP"}, text{"daily", "daily"}, "yes", "France", "CRM-02"},
	{"Club Lumière", "adherent", "Orion CRM", "Contact", text{"Adhérents vers le CRM", "Members to the CRM"}, text{"API", "API"}, text{"hourly", "hourly"}, "yes", "France", "CRM-02"},
	{"Orion CRM", "Contact", "Mailéo", "PROFILS", text{"Profils vers l’outil d’envoi", "Profiles to the delivery tool"}, text{"Fichier CSV par SFTP", "CSV file by SFTP"}, text{"daily", "daily"}, "yes", "France", "CRM-01"},
	{"Boutique en ligne", "quote", "Mailéo", "PANIER_ABANDON", text{"Paniers abandonnés", "Abandoned baskets"}, text{"API", "API"}, text{"real_time", "real_time"}, "yes", "France", "WEB-01"},
	{"Orion CRM", "Contact", "Prisme CDP", "profile", text{"Fiches clients vers la CDP", "Customer records to the CDP"}, text{"Connecteur", "Connector"}, text{"real_time", "real_time"}, "yes", "États-Unis", "CRM-03"},
	{"Boutique en ligne", "web_event", "Prisme CDP", "behaviour", text{"Navigation vers la CDP", "Browsing to the CDP"}, text{"Script du site", "Script of the site"}, text{"real_time", "real_time"}, "yes", "États-Unis", "WEB-01"},
	{"Prisme CDP", "audience_export", "Mailéo", "PROFILS", text{"Audiences vers l’outil d’envoi", "Audiences to the delivery tool"}, text{"API", "API"}, text{"daily", "daily"}, "yes", "France", "CRM-03"},
	{"Boutique en ligne", "sales_order", "Gesto ERP", "T_FACTURE", text{"Commandes à facturer", "Orders to invoice"}, text{"File de messages", "Message queue"}, text{"real_time", "real_time"}, "yes", "France", "CPT-01"},
	{"Boutique en ligne", "sales_order", "Gesto ERP", "T_LIVRAISON", text{"Commandes à livrer", "Orders to deliver"}, text{"File de messages", "Message queue"}, text{"real_time", "real_time"}, "yes", "France", "VTE-01"},
	{"CaisseNova", "T_TICKET", "Phare", "fait_vente", text{"Tickets vers l’entrepôt", "Receipts to the warehouse"}, text{"Fichier plat par FTP", "Flat file by FTP"}, text{"daily", "daily"}, "no", "France", "CPT-01"},
	{"Orion CRM", "Contact", "Phare", "dim_client", text{"Clients vers l’entrepôt", "Customers to the warehouse"}, text{"Réplication", "Replication"}, text{"daily", "daily"}, "yes", "France", "CRM-03"},
	{"Phare", "dim_client", "Phare", "requete_marketing", text{"Extraction mensuelle", "Monthly extract"}, text{"Requête enregistrée", "Saved query"}, text{"monthly", "monthly"}, "unknown", "France", "CRM-03"},
	{"Sondo", "reponses_nps", "Phare", "fait_satisfaction", text{"Réponses vers l’entrepôt", "Answers to the warehouse"}, text{"API", "API"}, text{"daily", "daily"}, "yes", "France", "SAT-01"},
	{"Boutique en ligne", "sales_order", "AvisClair", "reviews", text{"Invitations à déposer un avis", "Invitations to review"}, text{"API", "API"}, text{"daily", "daily"}, "yes", "France", "SAT-01"},
	{"Orion CRM", "Contact", "Tableurs des magasins", "VIP_magasins.xlsx", text{"Copie à la main des meilleurs clients", "Best customers copied by hand"}, text{"Copie par e-mail", "Copied by e-mail"}, text{"irrégulière", "irregular"}, "no", "France", ""},
}

// decisions are answers that people gave to flags.
type decided struct {
	set, field, kind, by string
	until                int // days from the day of reference
	reason               text
}

var decisions = []decided{
	{"Contact", "Birthdate", "propose_deletion", "camille", 0, text{"Le jour et le mois suffisent au programme anniversaire.", "Day and month are enough for the birthday programme."}},
	{"Contact", "MaritalStatus__c", "propose_deletion", "camille", 0, text{"Aucun programme ne s’en sert, et personne ne sait qui l’alimente.", "No programme uses it, and nobody knows who fills it in."}},
	{"Contact", "MaidenName__c", "keep_until", "karim", 150, text{"Litige en cours sur une liste de mariage.", "Dispute under way about a gift list."}},
	{"Contact", "LivingArea__c", "keep_until", "camille", 100, text{"Le programme de conseil doit dire d’ici là s’il en a besoin.", "The advice programme must say by then whether it needs it."}},
	{"Project", "Budget_Income__c", "propose_deletion", "karim", 0, text{"Donnée financière sans finalité.", "Financial data without a purpose."}},
	{"archive_client_2016", "num_secu", "propose_deletion", "karim", 0, text{"Numéro de sécurité sociale sans texte qui l’autorise : à effacer sans attendre.", "Social security number that no text allows: to be erased without delay."}},
	{"archive_client_2016", "revenus", "propose_deletion", "karim", 0, text{"Ancien outil, finalité éteinte.", "Former tool, purpose gone."}},
	{"T_CLIENT", "CLI_SITFAM", "propose_deletion", "marc", 0, text{"Les caissiers ne la demandent plus depuis trois ans.", "Cashiers have not asked for it for three years."}},
	{"T_CLIENT", "CLI_OBS", "to_dpo", "marc", 0, text{"Les observations contiennent parfois des appréciations sur les clients.", "The remarks sometimes hold judgements about customers."}},
	{"profile", "income_estimate", "to_dpo", "camille", 0, text{"Estimation achetée : la provenance est à vérifier.", "Bought estimate: where it comes from must be checked."}},
	{"profile", "religion_affinity", "propose_deletion", "karim", 0, text{"Déduction interdite sans consentement explicite.", "Inference forbidden without explicit consent."}},
	{"adherent", "piece_identite", "propose_deletion", "camille", 0, text{"Contrôle visuel possible sans conserver le numéro.", "The document can be looked at without keeping its number."}},
	{"adherent", "date_naissance", "keep_until", "camille", 75, text{"En attente de la bascule vers le jour et le mois.", "Until the move to day and month."}},
	{"sales_order", "fraud_flag", "to_dpo", "sophie", 0, text{"Qui l’alimente, et sur quel fondement ?", "Who fills it in, and on what ground?"}},
	{"web_event", "geo_lat", "propose_deletion", "sophie", 0, text{"La ville suffit à la mesure d’audience.", "The city is enough to measure the audience."}},
}

type comment struct {
	set, field, by string
	days           int
	body           text
}

var comments = []comment{
	{"Contact", "Interests__c", "ines", -40, text{"Vu en atelier : deux équipes s’en servent, sous deux définitions.", "Seen in a workshop: two teams use it, with two definitions."}},
	{"Contact", "Gender__c", "karim", -33, text{"La civilité ne suffit-elle pas ?", "Is the title not enough?"}},
	{"Contact", "Gender__c", "camille", -31, text{"Le segment « style » s’en sert encore. À remplacer par le style préféré.", "The “style” segment still uses it. To be replaced by the preferred style."}},
	{"T_CLIENT", "CLI_EMAIL", "marc", -28, text{"Saisie à la caisse : une adresse sur dix est fausse.", "Typed at the till: one address in ten is wrong."}},
	{"sales_order", "remote_ip", "karim", -26, text{"Utile contre la fraude ? Il faut une finalité et une durée.", "Useful against fraud? It needs a purpose and a period."}},
	{"archive_client_2016", "observations", "julien", -21, text{"La table n’a plus d’utilisateur connu depuis 2019.", "The table has had no known user since 2019."}},
	{"profile", "churn_score", "camille", -18, text{"Lu par deux tableaux de bord. Qui en demande le rattachement ?", "Read by two dashboards. Who asks for its purpose?"}},
	{"VIP_magasins.xlsx", "Remarques", "marc", -12, text{"Fichier à fermer dès que le CRM montre les meilleurs clients.", "To be closed as soon as the CRM shows the best customers."}},
	{"recordings", "transcript", "karim", -9, text{"La transcription automatique n’était pas dans le contrat initial.", "Automatic transcription was not in the first contract."}},
	{"web_event", "ip_address", "sophie", -6, text{"Tronquée depuis la dernière version du script.", "Truncated since the last version of the script."}},
}

type view struct {
	register, query string
	name            text
}

var views = []view{
	{"fields", "verdict=delete,dormant", text{"À faire partir", "On the way out"}},
	{"fields", "gdpr_class=sensitive_art9,criminal_art10,nir", text{"Données sensibles", "Sensitive data"}},
	{"fields", "verdict=unclassified", text{"À classer", "To classify"}},
	{"fields", "verdict=regularise", text{"À régulariser par le DPO", "For the DPO to regularise"}},
}

type segment struct {
	key              string
	name, definition text
	volume           int
}

var segments = []segment{
	{"fresh", text{"Nouveaux clients", "New customers"}, text{"Premier achat depuis moins de 90 jours, en magasin ou sur le site.", "First purchase less than 90 days ago, in a store or on the site."}, 18400},
	{"card", text{"Porteurs de la carte", "Card holders"}, text{"Carte de fidélité active, au moins un achat en 24 mois.", "Active loyalty card, at least one purchase in 24 months."}, 126000},
	{"best", text{"Meilleurs clients", "Best customers"}, text{"Dix pour cent des porteurs qui achètent le plus, recalculés chaque mois.", "The ten per cent of card holders who buy most, computed every month."}, 12600},
	{"asleep", text{"Clients endormis", "Sleeping customers"}, text{"Aucun achat depuis 12 mois, et moins de 36.", "No purchase for 12 months, and less than 36."}, 61300},
	{"web", text{"Visiteurs connectés du site", "Signed-in visitors of the site"}, text{"Compte web, traceurs acceptés.", "Web account, trackers accepted."}, 34900},
}

// scenario is a sequence or a campaign of a program. Two numbers are its cap: messages, days.
type scenario struct {
	program, segment, purpose string
	name, kpi                 text
	delay, stop, exclude      text
	campaign                  bool
	nature, trigger, consent  string
	channels                  []string
	limit                     [2]int
	status                    string
	needs                     []string // that it has alone; the others are the whole program's
}

var objection = text{"Opposition à la prospection ; réclamation en cours", "Objection to marketing; open complaint"}

var scenarios = []scenario{
	{program: "WELCOME", segment: "fresh", purpose: "CRM-01", name: text{"Bienvenue et prise en main", "Welcome and first steps"}, kpi: text{"Part de deuxièmes achats à 90 jours", "Share of second purchases within 90 days"}, delay: text{"Le lendemain, puis à 7 et 30 jours", "The next day, then after 7 and 30 days"},
		stop: text{"Deuxième achat", "Second purchase"}, exclude: objection, nature: "relationship", trigger: "event", consent: "crm.consent.email", channels: []string{"email"}, limit: [2]int{3, 30}, status: "live"},
	{program: "NEWSLETTER", segment: "card", purpose: "CRM-01", name: text{"Lettre du jeudi", "Thursday letter"}, kpi: text{"Clics par message remis, désinscriptions", "Clicks per delivered message, unsubscriptions"}, delay: text{"Le jeudi à 11 h", "On Thursdays at 11:00"}, exclude: objection,
		nature: "promotional", trigger: "schedule", consent: "crm.consent.email", channels: []string{"email"}, limit: [2]int{1, 7}, status: "live"},
	{program: "BIRTHDAY", segment: "card", purpose: "CRM-02", name: text{"Offre d’anniversaire", "Birthday offer"}, kpi: text{"Offres utilisées sous 30 jours", "Offers used within 30 days"}, delay: text{"7 jours avant, rappel le jour même", "7 days before, a reminder on the day"}, stop: text{"Offre utilisée", "Offer used"},
		exclude: objection, nature: "promotional", trigger: "date", consent: "crm.consent.email", channels: []string{"email", "sms"}, limit: [2]int{2, 366}, status: "live"},
	{program: "LOYALTY", segment: "card", purpose: "CRM-02", name: text{"Relevé de points", "Statement of points"}, kpi: text{"Relevés consultés", "Statements looked at"}, delay: text{"Le premier du mois", "On the first of the month"}, nature: "service", trigger: "schedule",
		channels: []string{"email"}, limit: [2]int{1, 30}, status: "live", needs: []string{"crm.purchase.amount", "crm.purchase.date"}},
	{program: "LOYALTY", segment: "card", purpose: "CRM-02", name: text{"Points qui expirent", "Points about to expire"}, kpi: text{"Points utilisés avant l’échéance", "Points used before they expire"}, delay: text{"30 jours avant", "30 days before"}, exclude: objection, nature: "relationship",
		trigger: "computed", consent: "crm.consent.sms", channels: []string{"email", "sms"}, limit: [2]int{1, 30}, status: "live", needs: []string{"ident.contact.phone"}},
	{program: "VIP", segment: "best", purpose: "CRM-03", name: text{"Ventes privées", "Private sales"}, kpi: text{"Chiffre d’affaires par invitation", "Revenue per invitation"}, campaign: true, exclude: objection, nature: "promotional", trigger: "manual", consent: "crm.consent.email",
		channels: []string{"email", "phone"}, status: "live"},
	{program: "TRANSACTIONAL", purpose: "VTE-01", name: text{"Suivi de commande", "Order tracking"}, kpi: text{"Appels « où est ma commande »", "“Where is my order” calls"}, delay: text{"À chaque changement d’état", "At each change of state"}, nature: "transactional", trigger: "event",
		channels: []string{"email", "sms"}, status: "live"},
	{program: "POST_PURCHASE", segment: "fresh", purpose: "SAT-01", name: text{"Conseils de pose", "Fitting advice"}, kpi: text{"Retours pour erreur de pose", "Returns for wrong fitting"}, delay: text{"5 jours après la livraison", "5 days after delivery"}, nature: "service", trigger: "event",
		channels: []string{"email"}, limit: [2]int{1, 7}, status: "live"},
	{program: "SATISFACTION", purpose: "SAT-01", name: text{"Enquête après achat", "Survey after a purchase"}, kpi: text{"Taux de réponse, NPS", "Answer rate, NPS"}, delay: text{"10 jours après", "10 days later"}, stop: text{"Réponse reçue", "Answer received"}, nature: "relationship",
		trigger: "event", channels: []string{"email"}, limit: [2]int{1, 90}, status: "live"},
	{program: "ABANDON_CART", segment: "web", purpose: "WEB-01", name: text{"Relance de panier", "Basket reminder"}, kpi: text{"Paniers repris sous 7 jours", "Baskets taken up within 7 days"}, delay: text{"2 heures après, puis 24 heures", "2 hours later, then 24 hours"}, stop: text{"Commande passée ou panier vidé", "Order placed or basket emptied"},
		exclude: objection, nature: "promotional", trigger: "event", consent: "crm.consent.email", channels: []string{"email", "app_push"}, limit: [2]int{2, 7}, status: "live"},
	{program: "WINBACK", segment: "asleep", purpose: "CRM-01", name: text{"Vous nous manquez", "We miss you"}, kpi: text{"Clients revenus, face au groupe témoin", "Customers who came back, against the control group"}, delay: text{"Au 13e mois sans achat", "In the 13th month without a purchase"}, stop: text{"Achat", "Purchase"}, exclude: objection,
		nature: "promotional", trigger: "computed", consent: "crm.consent.email", channels: []string{"email", "post"}, limit: [2]int{2, 60}, status: "paused"},
	{program: "CROSS_SELL", segment: "card", purpose: "CRM-03", name: text{"Compléter la pièce", "Complete the room"}, kpi: text{"Ventes additionnelles, face au groupe témoin", "Additional sales, against the control group"}, delay: text{"21 jours après l’achat", "21 days after the purchase"}, exclude: objection, nature: "promotional", trigger: "computed",
		consent: "crm.consent.email", channels: []string{"email"}, limit: [2]int{1, 14}, status: "planned"},
}

// pressureRules are at most so many messages in so many days.
var pressureRules = []struct {
	channel    string
	most, days int
}{{"email", 2, 7}, {"sms", 2, 30}, {"app_push", 3, 7}}
