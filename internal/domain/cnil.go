package domain

import "slices"

// CNILRow is a row of the CNIL's model of the record ("modèle de registre simplifié", July 2019): the code that it has here and
// its words there, which are French in every language and kept letter by letter, misspellings included. A register that is
// brought in is matched by them.
type CNILRow struct {
	Code string
	Text string
}

// The sections of a sheet of the model in their order.
const (
	CNILDescription = "Description du traitement"
	CNILParties     = "Acteurs"
	CNILPurposes    = "Finalité(s) du traitement effectué"
	CNILData        = "Catégories de données personnelles concernées"
	CNILSensitive   = "Données sensibles"
	CNILSubjects    = "Catégories de personnes concernées"
	CNILRecipients  = "Destinataires"
	CNILMeasures    = "Mesures de sécurité"
	CNILTransfers   = "Transferts hors UE"
)

// CNILTabs are the names of the list and of the sheets in the model.
var CNILTabs = [2]string{"2 - Liste des traitements", "3 - Fiche"}

var (
	// CNILPartyHeads are the columns of the parties.
	CNILPartyHeads = []string{"Nom", "Adresse", "Code postal", "Ville", "Pays", "Téléphone", "Adresse mél"}
	// CNILPartyRows are the parties in their order.
	CNILPartyRows = []CNILRow{
		{"controller", "Responsable du traitement"}, {"dpo", "Délégué à la protection des données"}, {"dpo_company", "Société du DPO"},
		{"representative", "Représentant"}, {"joint_controller", "Responsable(s) conjoint(s)"},
	}
	// CNILDataRows are the ordinary categories of data; those of the CNIL's older model stand before the NIR.
	CNILDataRows = []CNILRow{
		{"identity", "État civil, identité, données d'identification, images…"},
		{"personal_life", "Vie personnelle (habitudes de vie, situation familiale, etc.)"},
		{"economic", "Informations d'ordre économique et financier (revenus, situation financière, situation fiscale, etc.)"},
		{"connection", "Données de connexion (adress IP, logs, etc.)"},
		{"location", "Données de localisation (déplacements, données GPS, GSM, etc.)"},
		{"professional_life", "Vie professionnelle (CV, situation professionnelle, scolarité, formation, distinctions, diplômes…)"},
		{"internet", "Internet (cookies, traceurs, données de navigation, mesures d'audience…)"},
		{"other_data", "Autres catégories de données (précisez)"},
		{"nir", "Numéro de Sécurité Sociale (ou NIR)"},
	}
	// CNILSensitiveRows are the categories of art. 9 and 10.
	CNILSensitiveRows = []CNILRow{
		{"origin", "Données révélant l'origine raciale ou ethnique"},
		{"political", "Données révélant les opinions politiques"},
		{"beliefs", "Données révélant les convictions religieuses ou philosophiques"},
		{"union", "Données révélant l'appartenance syndicale"},
		{"genetic", "Données génétiques"},
		{"biometric", "Données biométriques aux fins d'identifier une personne physique de manière unique"},
		{"health", "Données concernant la santé"},
		{"sex_life", "Données concernant la vie sexuelle ou l'orientation sexuelle"},
		{"offences", "Données relatives à des condamnations pénales ou infractions"},
	}
	// CNILSubjectTypes, CNILRecipientTypes and CNILMeasureTypes are the closed lists of the model; the last one of each takes the rest.
	CNILSubjectTypes = []CNILRow{
		{"employees", "Salariés"}, {"", "Services internes"}, {"customers", "Clients"}, {"suppliers", "Fournisseurs"}, {"", "Prestataires"},
		{"prospects", "Prospects"}, {"", "Candidats"}, {"", "Autres"},
	}
	CNILRecipientTypes = []CNILRow{
		{"internal", "Service interne qui traite les données"}, {"processor", "Sous-traitants"},
		{"third_country", "Destinataires dans des pays tiers ou organisations internationales"},
		{"partner", "Partenaires institutionnels ou commerciaux"}, {"other", "Autre (Préciser)"},
	}
	CNILMeasureTypes = []CNILRow{
		{"traceability", "Mesures de traçabilité"}, {"software_protection", "Mesures de protection des logiciels"}, {"backup", "Sauvegarde des données"},
		{"encryption", "Chiffrement des données"}, {"access_control", "Contrôle d'accès des utilisateurs"},
		{"processor_control", "Contrôle des sous-traitants"}, {"", "Autres mesures (à préciser)"},
	}
)

// CNILText is the text of a code in a list of the model, the last of the list where it has none of its own.
func CNILText(rows []CNILRow, code string) (text string, known bool) {
	if i := slices.IndexFunc(rows, func(r CNILRow) bool { return r.Code == code && code != "" }); i >= 0 {
		return rows[i].Text, true
	}
	return rows[len(rows)-1].Text, false
}
