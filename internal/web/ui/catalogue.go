package ui

import (
	"context"
	"strconv"

	"utile/internal/i18n"

	"github.com/a-h/templ"
)

// sampler writes the sample texts of the catalogue, which are no messages of the product, in the language of the page.
type sampler func(fr, en string) string

func samples(ctx context.Context) sampler {
	return func(fr, en string) string {
		if i18n.Lang(ctx) == i18n.English {
			return en
		}
		return fr
	}
}

func (s sampler) shell() Shell {
	return Shell{
		Title: s("Composants", "Components"), ThemeAction: "/theme", Back: "/", LangHref: "/lang", Home: "/home",
		Nav: []NavItem{
			{Href: "/d", Text: s("Diagnostic", "Diagnose"), Icon: "stethoscope", Current: true, Go: "d"},
			{Href: "/c", Text: s("Cible", "Target"), Icon: "target", Go: "c"},
			{Href: "/a", Text: "Architecture", Icon: "sitemap", Go: "a"},
			{Href: "/r", Text: s("Revue", "Review"), Icon: "gavel", Count: "37", Waiting: true, Go: "r"},
			{Href: "/w", Text: s("Atelier", "Workshop"), Icon: "presentation-analytics", Go: "w"},
		},
		Sections: []NavItem{
			{Href: "/1", Text: s("Vue d’ensemble", "Overview")},
			{Href: "/2", Text: "Applications", Count: "14"},
			{Href: "/3", Text: s("Jeux de données", "Datasets"), Count: "212"},
			{Href: "/4", Text: s("Champs", "Fields"), Count: s("12\u00a0480", "12,480"), Current: true},
			{Href: "/5", Text: s("Preuves d’usage", "Usage evidence")},
			{Href: "/6", Text: s("Suppressions", "Deletions"), Count: "286"},
			{Href: "/7", Text: "Imports"},
		},
		Search: &TopSearch{Action: "/goto"},
		Job:    &TopJob{Href: "/job", Text: s("Analyse 62\u00a0%", "Scan 62%"), Percent: 62},
		Account: &Account{
			Name: "Inès Benali", Initials: "IB", Detail: "ines.benali@example.org", SignOut: "/out",
			Links: []Link{{Href: "/account", Text: s("Mon compte", "My account"), Icon: "user"}, {Href: "/members", Text: s("Membres", "Members"), Icon: "users"}},
		},
		Flashes: []Flash{
			{Kind: OK, Text: s("12 champs liés à Fidélité.", "12 fields linked to Loyalty."), Undo: &FlashUndo{Action: "/undo", Values: []Hidden{{"batch", "1"}}}, Link: &Link{Href: "/see", Text: s("Voir", "See")}},
			{Kind: Danger, Text: s("L’import a échoué.", "The import failed."), Detail: s("Rien n’a été changé. Référence 7F3A.", "Nothing was changed. Reference 7F3A.")},
		},
		PrintNote: s("Application\u00a0: Salesforce. Imprimé le 18/11/2026.", "Application: Salesforce. Printed on 18 Nov 2026."),
		NoIndex:   true,
	}
}

func (s sampler) bareShell() Shell {
	return Shell{Title: s("Se connecter", "Sign in"), ThemeAction: "/theme", Back: "/", LangHref: "/lang", NoIndex: true}
}

// sampleRow is a row of the sample list, with every sort of cell.
type sampleRow struct {
	Name, Code, App, Dataset, Grade, Read string
	Tags                                  []string
	Level, Fill                           int
	Kind                                  Kind
	Icon, Word                            string
	Flags                                 []templ.Component
}

func (s sampler) rows() []sampleRow {
	unused := Flagged(Neutral, "circle-off", s("Sans usage", "Unused"))
	return []sampleRow{
		{s("Adresse e-mail", "E-mail address"), "contact.email", "Salesforce", "Contact", s("Très forte", "Very strong"), s("lu il y a 2\u00a0h · 18\u00a0204 req.", "read 2\u00a0h ago · 18,204 q."), []string{"Newsletter", s("Relance panier", "Basket recovery"), s("Fidélité", "Loyalty")}, 4, 98, OK, "circle-check", s("Utile", "Useful"), nil},
		{s("Date de naissance", "Date of birth"), "contact.birth_date", "Salesforce", "Contact", s("Forte", "Strong"), s("lu il y a 3\u00a0j · 412 req.", "read 3\u00a0d ago · 412 q."), []string{s("Anniversaire", "Birthday")}, 3, 71, Review, "gavel", s("À régulariser", "To regularise"), []templ.Component{Flagged(Warn, "scale", "Minimisation")}},
		{s("Numéro de télécopie", "Fax number"), "contact.fax", "Salesforce", "Contact", s("Aucune", "None"), s("jamais lu", "never read"), nil, 0, 4, Danger, "trash", s("À supprimer", "To delete"), []templ.Component{unused}},
		{s("Situation familiale", "Marital status"), "contact.marital_status", "Salesforce", "Contact", s("Faible", "Weak"), s("lu il y a 14\u00a0mois · 2 req.", "read 14\u00a0mo ago · 2 q."), nil, 1, 38, Warn, "help-circle", "Dormant", []templ.Component{unused, Flagged(Sens, "shield-lock", s("Sensible art. 9", "Sensitive art. 9"))}},
		{s("Nombre d’enfants", "Number of children"), "contact.children_count", "Salesforce", "Contact", s("Moyenne", "Medium"), s("lu il y a 41\u00a0j · 36 req.", "read 41\u00a0d ago · 36 q."), []string{s("Offres famille", "Family offers")}, 2, 22, Info, "circle-dashed", s("À classer", "To classify"), nil},
		{s("Identifiant technique très long venu d’un fichier de partenaire", "Very long technical identifier from a partner file"), "stg_partner_2019.customer_external_identifier_v2_final", s("Entrepôt", "Warehouse"), "stg_partner_2019", s("Non mesurée", "Not measured"), s("aucune source", "no source"), nil, -1, 100, Neutral, "circle-minus", s("Hors périmètre", "Out of scope"), []templ.Component{Flagged(Danger, "clock", s("Conservation dépassée", "Retention overdue"))}},
	}
}

func (s sampler) headers() []HeaderSpec {
	return []HeaderSpec{
		{Text: s("Champ", "Field"), Href: "/sort-name", Class: "c-field"},
		{Text: "Application", Href: "/sort-app", Order: Ascending},
		{Text: s("Programmes", "Programs")},
		{Text: s("Preuve d’usage", "Usage evidence"), Href: "/sort-ev"},
		{Text: s("Rempl.", "Fill"), Long: s("Taux de remplissage", "Fill rate"), Href: "/sort-fill"},
		{Text: s("Alertes", "Flags")},
		{Text: s("Statut", "Status"), Href: "/sort-status", Class: "c-status"},
	}
}

func (s sampler) facets() []FacetSpec {
	return []FacetSpec{
		{Name: "app", Legend: "Application", More: &Link{Href: "/more", Text: s("9 autres", "9 more")}, Options: []FacetOption{
			{Value: "sf", Text: "Salesforce", Count: "842", Checked: true}, {Value: "br", Text: "Braze", Count: "442"}, {Value: "mg", Text: "Magento", Count: "0", None: true},
		}},
		{Name: "flag", Legend: s("Alerte", "Flag"), Options: []FacetOption{
			{Value: "unused", Text: s("Sans usage", "Unused"), Count: "412"}, {Value: "over", Text: s("Conservation dépassée", "Retention overdue"), Count: "96"},
		}},
		{Name: "ev", Legend: s("Preuve d’usage", "Usage evidence"), Radio: true, Options: []FacetOption{
			{Value: "", Text: s("Toutes", "Any"), Count: s("1\u00a0284", "1,284"), Checked: true}, {Value: "0", Text: s("Aucune", "None"), Count: "188"},
		}},
	}
}

func (s sampler) timeline() []TimelineItem {
	return []TimelineItem{
		{Icon: "gavel", Title: s("Renvoyé avec une question", "Sent back with a question"), Who: "Inès Benali (DPO)", When: s("18 nov. 2026, 16\u00a0h\u00a040", "18 Nov 2026, 16:40"), ISO: "2026-11-18T16:40:00Z", Quote: s("L’année de naissance est-elle nécessaire\u202f?", "Is the year of birth needed?")},
		{Icon: "pencil", Title: s("Finalité modifiée", "Purpose edited"), Who: "Léa Martin", When: s("17 nov. 2026, 09\u00a0h\u00a012", "17 Nov 2026, 09:12"), ISO: "2026-11-17T09:12:00Z", Changes: []Change{
			{Label: s("Base légale", "Legal basis"), Before: s("intérêt légitime", "legitimate interest"), After: s("consentement", "consent")},
			{Label: s("Destinataires", "Recipients"), After: s("Service client", "Customer service")},
		}},
		{Icon: "activity", Title: s("Preuves d’usage actualisées", "Usage evidence refreshed"), When: s("16 nov. 2026", "16 Nov 2026"), ISO: "2026-11-16", Text: s("412 requêtes en 90 jours, 2 campagnes.", "412 queries over 90 days, 2 campaigns."), Link: &Link{Href: "/scan", Text: s("Voir l’analyse", "See the scan")}},
	}
}

func (s sampler) segments() []Segment {
	return []Segment{
		{OK, "circle-check", 428, "428", s("utiles", "useful"), "/ok"},
		{Info, "circle-dashed", 96, "96", s("à classer", "to classify"), "/info"},
		{Review, "gavel", 141, "141", s("à régulariser", "to regularise"), "/review"},
		{Warn, "help-circle", 88, "88", s("dormants", "dormant"), "/warn"},
		{Danger, "trash", 74, "74", s("à supprimer", "to delete"), "/danger"},
		{Neutral, "circle-minus", 15, "15", s("hors périmètre", "out of scope"), "/neutral"},
	}
}

func (s sampler) square() SquareSpec {
	return SquareSpec{
		Caption: s("Champs selon leur licéité et leur usage", "Fields by lawfulness and use"),
		Columns: [2]string{s("Utilisé", "Used"), s("Non utilisé", "Not used")},
		Rows:    [2]string{s("Licite", "Lawful"), s("Sans base", "No ground")},
		Cells: [2][2]SquareCell{
			{{OK, "circle-check", s("Utile", "Useful"), s("6\u00a0204", "6,204"), s("50\u00a0%", "50%"), 50, "/keep"}, {Warn, "help-circle", "Dormant", s("2\u00a0118", "2,118"), s("17\u00a0%", "17%"), 17, "/dormant"}},
			{{Review, "gavel", s("À régulariser", "To regularise"), s("1\u00a0046", "1,046"), s("8\u00a0%", "8%"), 8, "/regularise"}, {Danger, "trash", s("À supprimer", "To delete"), s("3\u00a0112", "3,112"), s("25\u00a0%", "25%"), 25, "/delete"}},
		},
	}
}

func (s sampler) figures() []FigureSpec {
	return []FigureSpec{
		{Count: s("50\u00a0%", "50%"), Text: s("couverts par une finalité", "covered by a purpose"), Kind: OK, Icon: "circle-check", Href: "/ok", Note: s("6\u00a0204 champs", "6,204 fields")},
		{Count: s("3\u00a0112", "3,112"), Text: s("à supprimer", "to delete"), Kind: Danger, Icon: "trash", Href: "/delete"},
		{Count: "37", Text: s("en attente du DPO", "waiting for the DPO"), Kind: Review, Icon: "gavel", Href: "/review", Note: s("le plus ancien\u00a0: 12\u00a0j", "oldest: 12\u00a0d")},
		{Count: "19", Text: s("sensibles sans décision", "sensitive, undecided"), Kind: Sens, Icon: "shield-lock", Href: "/sens"},
	}
}

func (s sampler) steps() []Step {
	return []Step{
		{Text: s("Fichier", "File"), State: StepDone, Href: "/file", Note: "clients.csv"},
		{Text: s("Colonnes", "Columns"), State: StepDone},
		{Text: s("Aperçu", "Preview"), State: StepCurrent, Note: s("12 lignes refusées", "12 rows refused")},
		{Text: "Import", State: StepTodo},
	}
}

func (s sampler) matrix() (MatrixSpec, []string) {
	heads := []string{s("Anniversaire", "Birthday"), "Newsletter", s("Relance de panier abandonné", "Abandoned basket recovery"), s("Fidélité", "Loyalty"), s("Offres famille", "Family offers"), s("Satisfaction", "Satisfaction"), s("Parrainage", "Referral"), s("Bienvenue", "Welcome")}
	m := MatrixSpec{ID: "matrix", Caption: s("Champs et programmes", "Fields and programs"), Corner: s("Champ", "Field"), Action: "/matrix"}
	for i, h := range heads {
		head := MatrixHead{Text: h, Href: "/p" + strconv.Itoa(i)}
		if i == 2 {
			head.Note = s("en pause", "paused")
		}
		m.Heads = append(m.Heads, head)
	}
	return m, []string{s("Adresse e-mail", "E-mail address"), s("Date de naissance", "Date of birth"), s("Téléphone mobile", "Mobile phone"), s("Nombre d’enfants", "Number of children")}
}

func (s sampler) cell(row, column int, label string) MatrixCell {
	c := MatrixCell{Name: "cell", Value: strconv.Itoa(row) + ":" + strconv.Itoa(column), Label: label, Mark: "·", Text: s("rien", "nothing"), Fixed: column == 7}
	switch (row*3 + column*5) % 7 {
	case 0:
		c.Level, c.Mark, c.Text = "full", "E", s("essentiel", "essential")
	case 2:
		c.Level, c.Mark, c.Text = "half", "U", s("utile", "useful")
	case 4:
		c.Level, c.Mark, c.Text = "no", "X", s("à éviter", "avoid")
	}
	return c
}

func (s sampler) bases() []Option {
	return []Option{
		{Value: "consent", Text: s("Consentement", "Consent"), Group: s("Courantes", "Common")},
		{Value: "contract", Text: s("Contrat", "Contract"), Group: s("Courantes", "Common")},
		{Value: "vital", Text: s("Intérêts vitaux", "Vital interests"), Group: s("Rares", "Rare"), Disabled: true},
	}
}

func (s sampler) decisions() []Option {
	return []Option{
		{Value: "approve", Text: s("Approuver", "Approve"), Hint: s("La finalité est inscrite au registre.", "The purpose enters the record."), Key: "A"},
		{Value: "cond", Text: s("Approuver sous conditions", "Approve with conditions"), Hint: s("Le responsable doit les accepter.", "The owner must accept them."), Key: "C"},
		{Value: "reject", Text: s("Refuser", "Reject"), Hint: s("2 campagnes touchées.", "2 campaigns affected."), Key: "R"},
	}
}

func (s sampler) confirm() ConfirmSpec {
	return ConfirmSpec{
		Title: s("Supprimer 12 champs\u202f?", "Delete 12 fields?"), Action: "/delete",
		Text: s("La suppression est définitive une fois exécutée par le responsable du système.", "Deletion is final once the system owner has carried it out."),
		Impacts: []Impact{
			{Kind: Warn, Text: s("2 campagnes lisent encore ces champs.", "2 campaigns still read these fields."), Link: &Link{Href: "/campaigns", Text: s("Les voir", "See them")}},
			{Kind: Info, Text: s("Les registres gardent l’historique, pas les données.", "The record keeps the story, not the data.")},
			{Kind: Danger, Text: s("Une conservation légale couvre 1 champ.", "A legal hold covers 1 field.")},
		},
		Values: []Hidden{{"version", "3"}},
		Submit: ButtonSpec{Text: s("Programmer la suppression", "Schedule the deletion"), Icon: "trash", Variant: DangerButton},
		Cancel: Link{Href: "/back", Text: s("Revenir", "Go back")},
		Typed:  &InputSpec{Field: Field{Name: "typed", Label: s("Pour confirmer, saisissez 12", "To confirm, type 12")}, InputMode: "numeric", Width: Short},
	}
}
