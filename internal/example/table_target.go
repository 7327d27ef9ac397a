package example

// target is what Maison Lumière decided of a field or category; then is what the first diagnosis had said, empty where it had
// said nothing.
type target struct {
	set, field      string // of a field
	category        string // where it is of none
	program         string // template of the program; empty for all
	action, then    string
	cause, instead  string
	point           string
	how, word       text
	reason          text
	by              string
	due             int    // days from the day of reference
	progress, reach string // what its owner says; how far it was in the last version
	old             bool   // whether the first version had it
}

var targets = []target{
	{set: "Contact", field: "Birthdate", action: "replace", then: "review", cause: "too_precise", instead: "ident.birth.day_month", how: text{"Le jour et le mois.", "Day and month."},
		reason: text{"Le programme anniversaire n’a pas l’usage de l’année.", "The birthday programme has no use for the year."}, by: "camille", due: 60, progress: "doing", reach: "doing", old: true},
	{set: "Contact", field: "MaritalStatus__c", action: "drop", then: "drop", reason: text{"Aucun programme ne s’en sert.", "No programme uses it."}, by: "camille", due: -10, progress: "todo", reach: "late", old: true},
	{set: "T_CLIENT", field: "CLI_SITFAM", action: "drop", then: "review", reason: text{"Les caissiers ne la demandent plus depuis trois ans.", "Cashiers have not asked for it for three years."}, by: "marc", due: 45, progress: "todo", reach: "todo", old: true},
	{set: "T_CLIENT", field: "CLI_OBS", action: "review", reason: text{"Des appréciations sur les clients : le DPO doit dire ce qui peut rester.", "Judgements about customers: the DPO must say what may stay."}, by: "karim", due: 20, progress: "doing", reach: "doing"},
	{set: "archive_client_2016", field: "num_secu", action: "drop", then: "drop", reason: text{"Aucun texte ne l’autorise.", "No text allows it."}, by: "karim", due: -30, progress: "doing", reach: "late", old: true},
	{set: "archive_client_2016", field: "revenus", action: "drop", then: "archive", reason: text{"Ancien outil, finalité éteinte.", "Former tool, purpose gone."}, by: "karim", due: 30, progress: "todo", reach: "todo", old: true},
	{set: "adherent", field: "date_naissance", action: "limit", then: "keep", cause: "too_precise", how: text{"Le jour et le mois ; l’année est effacée.", "Day and month; the year is erased."},
		reason: text{"La carte n’a pas de condition d’âge.", "The card has no condition of age."}, by: "camille", due: 90, progress: "done", reach: "reached", old: true},
	{set: "adherent", field: "piece_identite", action: "drop", reason: text{"Contrôle visuel possible sans conserver le numéro.", "The document can be looked at without keeping its number."}, by: "camille", due: 15, progress: "todo", reach: "todo"},
	{set: "profile", field: "income_estimate", action: "drop", then: "review", reason: text{"Provenance inconnue, aucun usage daté.", "Origin unknown, no dated use."}, by: "camille", due: 25, progress: "todo", reach: "todo", old: true},
	{set: "profile", field: "religion_affinity", action: "drop", then: "drop", reason: text{"Déduction interdite sans consentement explicite.", "Inference forbidden without explicit consent."}, by: "karim", due: -5, progress: "doing", reach: "late", old: true},
	{category: "ident.birth.day_month", program: "BIRTHDAY", action: "collect", point: "carte", word: text{"Votre jour et mois d’anniversaire, pour vous offrir un avantage (facultatif).", "Your day and month of birth, to offer you a benefit (optional)."},
		reason: text{"Suffit au programme, sans la date entière.", "Enough for the programme, without the whole date."}, by: "camille", due: 40, progress: "doing", reach: "doing"},
	{category: "crm.preference", program: "PREFERENCE_CENTER", action: "collect", reason: text{"N’envoyer que ce que chacun a dit vouloir.", "Send only what people said they want."}, by: "ines", progress: "todo", reach: "todo"},
}

// journey is a way of a customer, told in moments.
type journey struct {
	name, about text
	moments     []moment
}

type moment struct {
	name           text
	stage, channel string
	program        string // template; empty where nothing speaks
}

var journeys = []journey{
	{text{"Premier achat sur le site", "First purchase on the site"}, text{"De la visite au deuxième achat.", "From the visit to the second purchase."}, []moment{
		{text{"Panier laissé", "Basket left behind"}, "prospect", "email", "ABANDON_CART"},
		{text{"Commande et livraison", "Order and delivery"}, "active", "email", "TRANSACTIONAL"},
		{text{"Premiers usages", "First use"}, "new_customer", "email", "POST_PURCHASE"},
		{text{"Bienvenue", "Welcome"}, "new_customer", "email", "WELCOME"},
		{text{"Deuxième achat", "Second purchase"}, "active", "web", "CROSS_SELL"},
	}},
	{text{"Cliente fidèle en magasin", "Loyal customer in store"}, text{"De la carte à la recommandation.", "From the card to the recommendation."}, []moment{
		{text{"Carte ouverte en caisse", "Card opened at the till"}, "active", "store", "LOYALTY"},
		{text{"Anniversaire", "Birthday"}, "active", "email", "BIRTHDAY"},
		{text{"Soirée privée", "Private evening"}, "loyal", "store", "VIP"},
		{text{"Avis donné", "Opinion given"}, "loyal", "email", "SATISFACTION"},
	}},
}

// targetVersions are the days on which the targets were frozen.
var targetVersions = []struct {
	days       int
	name, note text
	by         string
}{
	{-120, text{"Premier diagnostic", "First diagnosis"}, text{"Avant le premier atelier.", "Before the first workshop."}, "ines"},
	{-15, text{"Atelier anniversaire et fidélité", "Birthday and loyalty workshop"}, text{"Avec les magasins et le DPO.", "With the stores and the DPO."}, "ines"},
}
