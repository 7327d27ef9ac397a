package example

// What the columns of Maison Lumière hold: short name, data category, data type, origin, and the label in both languages.
// The names of the columns differ from one application to the next; what they hold does not.
const conceptTable = `
idclient     | ident.id.customer            | bigint       | technical | Identifiant client                      | Customer identifier
idmaster     | ident.id.pseudonym           | char(36)     | derived   | Identifiant client unifié               | Unified customer identifier
idhash       | ident.id.pseudonym           | char(64)     | derived   | E-mail haché (SHA-256)                  | Hashed e-mail (SHA-256)
idcarte      | ident.id.loyalty             | varchar(13)  | collected | Numéro de carte de fidélité             | Loyalty card number
idcommande   | ident.id.contract            | varchar(20)  | technical | Numéro de commande                      | Order number
idticket     | ident.id.contract            | varchar(24)  | technical | Numéro de ticket de caisse              | Till receipt number
iddossier    | ident.id.contract            | varchar(20)  | technical | Numéro de dossier                       | Case number
idfacture    | ident.id.contract            | varchar(20)  | technical | Numéro de facture                       | Invoice number
civilite     | ident.title                  | varchar(5)   | collected | Civilité                                | Title
nom          | ident.name.last              | varchar(80)  | collected | Nom                                     | Last name
prenom       | ident.name.first             | varchar(80)  | collected | Prénom                                  | First name
nomcomplet   | ident.name                   | varchar(160) | collected | Nom complet                             | Full name
nomnaiss     | ident.name.birth             | varchar(80)  | collected | Nom de naissance                        | Birth name
pseudo       | ident.name.alias             | varchar(40)  | collected | Pseudonyme affiché                      | Display name
genre        | ident.gender                 | varchar(10)  | collected | Genre                                   | Gender
naissance    | ident.birth.date             | date         | collected | Date de naissance                       | Date of birth
journaiss    | ident.birth.day_month        | char(5)      | collected | Jour et mois de naissance               | Day and month of birth
annaiss      | ident.birth.year             | smallint     | collected | Année de naissance                      | Year of birth
lieunaiss    | ident.birth.place            | varchar(80)  | collected | Lieu de naissance                       | Place of birth
age          | ident.age                    | varchar(10)  | derived   | Tranche d’âge                           | Age range
nationalite  | ident.nationality            | char(2)      | collected | Nationalité                             | Nationality
langue       | ident.language               | char(2)      | collected | Langue                                  | Language
email        | ident.contact.email          | varchar(254) | collected | Adresse e-mail                          | E-mail address
email2       | ident.contact.email          | varchar(254) | collected | Seconde adresse e-mail                  | Second e-mail address
mobile       | ident.contact.phone          | varchar(20)  | collected | Téléphone mobile                        | Mobile phone
fixe         | ident.contact.phone          | varchar(20)  | collected | Téléphone fixe                          | Landline
fax          | ident.contact.phone          | varchar(20)  | collected | Télécopie                               | Fax
rue          | ident.contact.address.street | varchar(120) | collected | Voie                                    | Street
complement   | ident.contact.address.street | varchar(120) | collected | Complément d’adresse                    | Address line 2
digicode     | ident.contact.address.street | varchar(20)  | collected | Digicode et étage                       | Door code and floor
cp           | ident.contact.address.postcode | varchar(10) | collected | Code postal                            | Postcode
ville        | ident.contact.address.city   | varchar(80)  | collected | Ville                                   | City
region       | ident.contact.address.region | varchar(60)  | derived   | Région                                  | Region
pays         | ident.contact.address.country | char(2)     | collected | Pays                                    | Country
npai         | ident.contact.quality        | boolean      | derived   | Courrier non distribué (NPAI)           | Undeliverable post
rebond       | ident.contact.quality        | boolean      | observed  | E-mail en rebond                        | E-mail bounced
reseau       | ident.contact.social         | varchar(200) | collected | Compte de réseau social                 | Social network account
cni          | ident.official.id_card       | varchar(20)  | collected | Numéro de pièce d’identité              | Identity card number
plaque       | ident.official.plate         | varchar(12)  | collected | Plaque d’immatriculation (retrait)      | Licence plate (collection)
photo        | ident.image                  | varchar(255) | collected | Photo de profil                         | Profile picture
signature    | ident.signature              | bytea        | collected | Signature de réception                  | Signature on delivery
marital      | perso.family.marital         | varchar(20)  | collected | Situation familiale                     | Marital status
enfants      | perso.family.children        | smallint     | collected | Nombre d’enfants                        | Number of children
naissenfant  | perso.family.children        | date         | collected | Date de naissance de l’enfant           | Child’s date of birth
foyer        | perso.family.household       | smallint     | collected | Taille du foyer                         | Household size
logement     | perso.housing                | varchar(30)  | collected | Type de logement                        | Type of housing
surface      | perso.housing                | integer      | collected | Surface du logement (m²)                | Living area (m²)
proprio      | perso.housing                | boolean      | collected | Propriétaire du logement                | Owns the home
animal       | perso.possession             | varchar(30)  | collected | Animal de compagnie                     | Pet
vehicule     | perso.possession             | varchar(40)  | collected | Véhicule                                | Vehicle
interets     | perso.interest               | text         | collected | Centres d’intérêt                       | Interests
demenage     | perso.life_event             | date         | collected | Date de déménagement                    | Moving date
mariage      | perso.life_event             | date         | collected | Date de mariage (liste)                 | Wedding date (gift list)
profession   | pro.job                      | varchar(80)  | collected | Profession                              | Occupation
csp          | pro.csp                      | varchar(30)  | received  | Catégorie socioprofessionnelle          | Socio-professional category
societe      | pro.employer                 | varchar(120) | collected | Société                                 | Company
emailpro     | pro.contact                  | varchar(254) | collected | E-mail professionnel                    | Work e-mail
siret        | pro.company_id               | char(14)     | collected | SIRET                                   | Company number (SIRET)
tva          | pro.company_id               | varchar(14)  | collected | Numéro de TVA                           | VAT number
raison       | pro.company_contact          | varchar(160) | collected | Raison sociale                          | Company name
iban         | eco.bank                     | varchar(34)  | collected | IBAN (remboursement)                    | IBAN (refunds)
titulaire    | eco.bank                     | varchar(120) | collected | Titulaire du compte                     | Account holder
carte4       | eco.card.token               | char(4)      | received  | Quatre derniers chiffres de la carte    | Last four digits of the card
jetoncarte   | eco.card.token               | varchar(64)  | received  | Jeton de carte de paiement              | Payment card token
cartexp      | eco.card.expiry              | char(5)      | received  | Expiration de la carte                  | Card expiry
moyenpaie    | eco.payment                  | varchar(20)  | collected | Moyen de paiement                       | Payment method
datepaie     | eco.payment                  | timestamp    | observed  | Date de paiement                        | Payment date
revenus      | eco.income                   | varchar(20)  | received  | Tranche de revenus                      | Income bracket
scorecredit  | eco.credit                   | smallint     | received  | Score de crédit                         | Credit score
impaye       | eco.debt                     | numeric(10,2) | derived  | Montant des impayés                     | Unpaid amount
ip           | conn.ip                      | inet         | observed  | Adresse IP                              | IP address
login        | conn.login                   | varchar(80)  | collected | Identifiant de connexion                | Login
mdp          | conn.password                | varchar(120) | collected | Empreinte du mot de passe               | Password hash
jetonreset   | conn.secret                  | varchar(80)  | technical | Jeton de réinitialisation               | Reset token
derconn      | conn.log                     | timestamp    | observed  | Dernière connexion                      | Last sign-in
nbconn       | conn.log                     | integer      | observed  | Nombre de connexions                    | Number of sign-ins
terminal     | conn.device                  | varchar(64)  | observed  | Identifiant du terminal                 | Device identifier
jetonpush    | conn.device                  | varchar(200) | observed  | Jeton de notification                   | Push token
navigateur   | conn.user_agent              | varchar(255) | observed  | Navigateur                              | Browser
latitude     | loc.precise                  | numeric(9,6) | observed  | Latitude                                | Latitude
longitude    | loc.precise                  | numeric(9,6) | observed  | Longitude                               | Longitude
zone         | loc.coarse                   | varchar(40)  | derived   | Zone de chalandise                      | Trade area
cookie       | web.cookie                   | varchar(64)  | observed  | Identifiant de cookie                   | Cookie identifier
pagevue      | web.navigation               | varchar(500) | observed  | Page vue                                | Page viewed
produitvu    | web.navigation               | varchar(40)  | observed  | Produit consulté                        | Product viewed
duree        | web.navigation               | integer      | observed  | Durée de la visite                      | Visit duration
recherche    | web.search                   | varchar(200) | observed  | Recherche sur le site                   | Search on the site
ouverture    | web.engagement               | timestamp    | observed  | Dernière ouverture d’e-mail             | Last e-mail open
clic         | web.engagement               | timestamp    | observed  | Dernier clic                            | Last click
nbclics      | web.engagement               | integer      | derived   | Nombre de clics (90 jours)              | Clicks (90 days)
utm          | web.referral                 | varchar(120) | observed  | Source de la visite                     | Traffic source
panier       | web.basket                   | jsonb        | observed  | Panier en cours                         | Current basket
datepanier   | web.basket                   | timestamp    | observed  | Dernier ajout au panier                 | Last added to basket
envies       | web.basket                   | jsonb        | collected | Liste d’envies                          | Wish list
choixcookie  | web.tracker_consent          | varchar(20)  | collected | Choix des traceurs                      | Tracker choice
likes        | web.social                   | integer      | observed  | Mentions J’aime                         | Likes
achats       | crm.purchase                 | jsonb        | observed  | Historique d’achat                      | Purchase history
statutcde    | crm.purchase                 | varchar(20)  | observed  | État de la commande                     | Order status
montant      | crm.purchase.amount          | numeric(10,2) | observed | Montant TTC                             | Amount with tax
remise       | crm.purchase.amount          | numeric(10,2) | observed | Remise accordée                         | Discount granted
panmoyen     | crm.purchase.amount          | numeric(10,2) | derived  | Panier moyen                            | Average basket
caannuel     | crm.purchase.amount          | numeric(12,2) | derived  | Chiffre d’affaires sur 12 mois          | Revenue over 12 months
dateachat    | crm.purchase.date            | timestamp    | observed  | Date d’achat                            | Purchase date
deracht      | crm.purchase.date            | date         | derived   | Date du dernier achat                   | Last purchase date
premacht     | crm.purchase.date            | date         | derived   | Date du premier achat                   | First purchase date
nbachats     | crm.purchase.date            | integer      | derived   | Nombre d’achats                         | Number of purchases
produit      | crm.purchase.product         | varchar(20)  | observed  | Produit acheté                          | Product bought
univers      | crm.purchase.product         | varchar(40)  | derived   | Univers préféré                         | Favourite range
quantite     | crm.purchase.product         | smallint     | observed  | Quantité                                | Quantity
magasin      | crm.purchase.store           | varchar(10)  | observed  | Magasin d’achat                         | Store of purchase
magrattach   | crm.purchase.store           | varchar(10)  | derived   | Magasin de rattachement                 | Home store
canal        | crm.purchase.store           | varchar(12)  | observed  | Canal d’achat                           | Purchase channel
motifretour  | crm.purchase.return          | varchar(80)  | collected | Motif du retour                         | Reason for return
montantretour | crm.purchase.return         | numeric(10,2) | observed | Montant remboursé                       | Amount refunded
dateretour   | crm.purchase.return          | date         | observed  | Date du retour                          | Return date
points       | crm.loyalty                  | integer      | derived   | Solde de points                         | Points balance
statutfid    | crm.loyalty                  | varchar(12)  | derived   | Statut de fidélité                      | Loyalty tier
expirpoints  | crm.loyalty                  | date         | derived   | Expiration des points                   | Points expiry
dateadhesion | crm.loyalty                  | date         | collected | Date d’adhésion                         | Joining date
cheque       | crm.loyalty                  | varchar(16)  | derived   | Chèque fidélité                         | Loyalty voucher
garantie     | crm.contract                 | date         | derived   | Fin de l’extension de garantie          | End of extended warranty
optemail     | crm.consent.email            | boolean      | collected | Accord e-mail                           | E-mail consent
optsms       | crm.consent.sms              | boolean      | collected | Accord SMS                              | SMS consent
opttel       | crm.consent.phone            | boolean      | collected | Accord téléphone                        | Phone consent
optposte     | crm.consent.post             | boolean      | collected | Accord courrier                         | Postal consent
optpart      | crm.consent.partner          | boolean      | collected | Accord de transmission aux partenaires  | Partner sharing consent
dateopt      | crm.consent.proof            | timestamp    | observed  | Date du consentement                    | Consent date
sourceopt    | crm.consent.proof            | varchar(40)  | observed  | Source du consentement                  | Consent source
textopt      | crm.consent.proof            | varchar(12)  | observed  | Version du texte accepté                | Version of the text accepted
opposition   | crm.consent.objection        | timestamp    | collected | Date de désinscription                  | Unsubscribe date
preference   | crm.preference               | varchar(40)  | collected | Canal préféré                           | Preferred channel
frequence    | crm.preference               | varchar(20)  | collected | Fréquence souhaitée                     | Wished frequency
style        | crm.preference               | varchar(40)  | collected | Style de décoration préféré             | Preferred decoration style
segment      | crm.segment                  | varchar(30)  | derived   | Segment                                 | Segment
rfm          | crm.segment.rfm              | char(3)      | derived   | Score RFM                               | RFM score
clv          | crm.segment.rfm              | numeric(10,2) | derived  | Valeur vie client                       | Customer lifetime value
appetence    | crm.segment.predictive       | numeric(4,3) | derived   | Score d’appétence                       | Propensity score
attrition    | crm.segment.predictive       | numeric(4,3) | derived   | Score d’attrition                       | Churn score
cycle        | crm.segment.lifecycle        | varchar(20)  | derived   | Stade du cycle de vie                   | Lifecycle stage
nps          | crm.satisfaction             | smallint     | collected | Note NPS                                | NPS score
csat         | crm.satisfaction             | smallint     | collected | Note de satisfaction                    | Satisfaction score
verbatim     | crm.satisfaction             | text         | collected | Commentaire de satisfaction             | Satisfaction comment
note         | crm.review                   | smallint     | collected | Note de l’avis                          | Review score
avis         | crm.review                   | text         | collected | Texte de l’avis                         | Review text
dercontact   | crm.interaction              | date         | derived   | Date du dernier contact                 | Last contact date
canalcontact | crm.interaction              | varchar(12)  | observed  | Canal du contact                        | Contact channel
motif        | crm.interaction              | varchar(60)  | collected | Motif du contact                        | Contact reason
appel        | crm.interaction.call         | timestamp    | observed  | Date de l’appel                         | Call date
dureeappel   | crm.interaction.call         | integer      | observed  | Durée de l’appel                        | Call duration
enregistr    | crm.interaction.recording    | varchar(255) | observed  | Enregistrement de l’appel               | Call recording
message      | crm.interaction.message      | text         | collected | Contenu du message                      | Message content
commentaire  | crm.interaction.free_text    | text         | collected | Commentaire libre                       | Free-text comment
reclamation  | crm.interaction.complaint    | varchar(60)  | collected | Motif de la réclamation                 | Complaint reason
gestecom     | crm.interaction.complaint    | numeric(8,2) | derived   | Geste commercial                        | Goodwill gesture
campagne     | crm.campaign                 | varchar(40)  | observed  | Campagne reçue                          | Campaign received
pression     | crm.campaign                 | smallint     | derived   | Messages reçus (30 jours)               | Messages received (30 days)
parrain      | crm.referral                 | bigint       | collected | Identifiant du parrain                  | Referrer identifier
filleul      | crm.referral                 | varchar(254) | collected | E-mail du filleul                       | E-mail of the person referred
evenement    | crm.event                    | varchar(60)  | collected | Inscription à un atelier                | Workshop registration
origine      | crm.source                   | varchar(40)  | observed  | Origine du contact                      | Source of the contact
datecrea     | crm.dates                    | timestamp    | observed  | Date de création du client              | Customer creation date
dateinact    | crm.dates                    | date         | derived   | Date d’inactivité                       | Inactivity date
droit        | crm.rights                   | date         | collected | Date de la demande de droit             | Data-subject request date
vendeur      | crm.owner                    | varchar(12)  | observed  | Vendeur                                 | Sales assistant
pmr          | art9.health.disability       | boolean      | collected | Besoin d’accès adapté                   | Needs adapted access
vue          | art9.health                  | varchar(40)  | collected | Gêne visuelle (conseil éclairage)       | Visual discomfort (lighting advice)
allergie     | art9.health.diet             | varchar(120) | collected | Allergie aux matières                   | Allergy to materials
religion     | art9.religion                | varchar(30)  | received  | Fête religieuse (ciblage)               | Religious feast (targeting)
nir          | nir                          | char(15)     | collected | Numéro de sécurité sociale              | Social security number
fraude       | crim                         | boolean      | derived   | Signalement de fraude                   | Fraud report
cle          | tech.key                     | bigint       | technical | Clé technique                           | Technical key
maj          | tech.audit                   | timestamp    | technical | Dernière modification                   | Last modified
charge       | tech.audit                   | timestamp    | technical | Date de chargement                      | Load date
statutlib    | tech.label                   | varchar(30)  | technical | Libellé de référence                    | Reference label
article      | tech.catalog                 | varchar(20)  | technical | Référence article                       | Item reference
prixcat      | tech.catalog                 | numeric(10,2) | technical | Prix catalogue                         | Catalogue price
codemag      | tech.store                   | varchar(10)  | technical | Code magasin                            | Store code
nommag       | tech.store                   | varchar(80)  | technical | Nom du magasin                          | Store name
modele       | tech.campaign                | varchar(40)  | technical | Modèle de message                       | Message template
fichier      | tech.file                    | varchar(120) | technical | Nom du fichier source                   | Source file name
agregat      | tech.aggregate               | integer      | technical | Nombre de clients du magasin            | Customers of the store
inconnu      |                              | varchar(255) | unknown   |                                         |
`
