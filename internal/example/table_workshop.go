package example

// card is a question of a workshop of Maison Lumière, with what each role said that its programs need: one digit a role, in the
// order of workshopRoles; a dot for no opinion.
type card struct {
	set, field string // of a field
	category   string // of missing data
	votes      []string
	dpo        string // what the DPO said first
	dpoReason  text
	dpoGround  string
	decision   string
	needs      []int // what each program needs of it, as recorded
	reason     text
	gain       text
	by         string
	due        int // days from the day of reference
	objection  text
}

// workshop is a meeting of Maison Lumière.
type workshop struct {
	name, goal text
	template   string
	state      string
	programs   []string // templates
	held       int      // days from the day of reference
	closes     int
	cards      []card
}

var workshopRoles = []string{"crm", "data", "store", "service", "sponsor"}

// workshopPeople are who came, in the order of workshopRoles; without a key, a guest.
var workshopPeople = []struct{ key, name string }{{"camille", ""}, {"julien", ""}, {"marc", ""}, {"", "Nadia (service client)"}, {"sophie", ""}}

var workshops = []workshop{
	{name: text{"Atelier anniversaire et fidélité", "Birthday and loyalty workshop"},
		goal:     text{"Partir avec la liste de ce que l’on garde, remplace et supprime à la caisse.", "Leave with the list of what is kept, replaced and dropped at the till."},
		template: "short", state: "closed", programs: []string{"BIRTHDAY", "LOYALTY"}, held: -12, cards: []card{
			{set: "T_CLIENT", field: "CLI_DNAIS", votes: []string{"22122", "00000"}, decision: "replace", needs: []int{2, 0},
				reason: text{"Le jour et le mois suffisent, l’année n’a pas d’usage.", "Day and month are enough; the year has no use."}, by: "camille", due: 45},
			{set: "T_CLIENT", field: "CLI_EMAIL", votes: []string{"22222", "21222"}, decision: "keep", needs: []int{2, 2},
				reason: text{"Sans elle, aucun des deux programmes ne joint personne.", "Without it, neither programme reaches anybody."}, gain: text{"+9 % d’ouverture", "+9 % opened"}, by: "camille", due: 30},
			{set: "T_CLIENT", field: "CLI_LOGEMENT", votes: []string{"00000", "01000"}, decision: "drop", needs: []int{0, 0},
				reason: text{"Personne ne s’en sert, et les caissiers ne la demandent plus.", "Nobody uses it, and cashiers no longer ask for it."}, by: "marc", due: 60},
			{set: "T_CLIENT", field: "CLI_NBENF", votes: []string{"", ""}, dpo: "vetoed", dpoGround: "gdpr.5.1.c",
				dpoReason: text{"Le nombre d’enfants n’est pas nécessaire pour souhaiter un anniversaire.", "The number of children is not necessary to wish a birthday."}, decision: "drop", needs: []int{0, 0},
				reason: text{"Opposition du DPO.", "Opposed by the DPO."}, by: "marc", due: 30},
			{set: "T_CLIENT", field: "CLI_MAG", votes: []string{"10111", "22021"}, decision: "review", needs: []int{1, 2},
				reason: text{"Les magasins la veulent, mais elle est fausse une fois sur trois. À mesurer d’abord.", "Stores want it, it is wrong one time in three: to be measured first."},
				gain:   text{"Offres du magasin habituel", "Offers of the usual store"}, by: "julien", due: 15,
				objection: text{"Le magasin habituel sert tous les jours en caisse.", "The usual store is used every day at the till."}},
			{set: "T_CLIENT", field: "CLI_FAX", votes: []string{"00000", "00000"}, decision: "drop", needs: []int{0, 0},
				reason: text{"Aucun usage depuis dix ans.", "No use for ten years."}, by: "marc", due: 30},
			{category: "crm.preference", votes: []string{"11101", "22122"}, decision: "collect", needs: []int{1, 2},
				reason: text{"N’écrire que sur ce qui intéresse.", "Write only about what interests."}, gain: text{"Moins de désabonnements", "Fewer people unsubscribe"}, by: "ines", due: 75},
		}},
	{name: text{"Champs du CRM sans programme", "CRM fields without a programme"},
		goal:     text{"Chacun vote quand il peut, une semaine durant.", "Everybody votes when they can, within a week."},
		template: "week", state: "prepared", programs: []string{"CROSS_SELL", "VIP"}, held: 3, closes: 17, cards: []card{
			{set: "Contact", field: "Email2__c"}, {set: "Contact", field: "Fax"}, {set: "Contact", field: "HouseholdSize__c"},
		}},
}
