package example

// The inventory of Maison Lumière. A line that starts with "app" opens an application, one that starts with "set" a
// dataset; the others list columns as NAME:concept. A mark before the name tells what the rules make of the column, which
// the tests check against what they really make of it:
//
//	(none) useful: covered and used         ~ dormant: covered, used by nothing
//	+ to regularise: used, not covered      ! to delete: neither used nor covered
//	? to classify: nobody has said yet
//
// A column of a technical concept is out of scope, whatever its mark. @PREFIX stands for the five columns of an address, in
// the spelling of the application.
//
// app | name | kind | team | owner | vendor | hosting | country | processor | lifecycle | fr | en
// set | name | structure | rows | retention (months) | age of the oldest record (months) | m (master) | whose | purpose | collected at | fr | en
const datasetTable = `
app | Orion CRM | crm | marketing | camille | Orion Software | saas | Irlande | yes | live | Référentiel client de la relation : fiches, contacts, opportunités de projets d’éclairage. | Customer reference for the relationship: records, contacts, lighting projects.
set | Contact | structured | 1284000 | 36 | 92 | m | customers,prospects | CRM-01 | compte | Fiches clients | Customer records
 Id:cle ContactKey__c:idclient Salutation:civilite FirstName:prenom LastName:nom ~MaidenName__c:nomnaiss Email:email ~Email2__c:email2 MobilePhone:mobile ~HomePhone:fixe !Fax:fax Birthday_MMDD__c:journaiss ~Birthdate:naissance !BirthPlace__c:lieunaiss !Nationality__c:nationalite Language__c:langue @Mailing +Gender__c:genre !MaritalStatus__c:marital !NumberOfChildren__c:enfants ~HouseholdSize__c:foyer ~HousingType__c:logement ~LivingArea__c:surface Preferred_Channel__c:preference ~Preferred_Frequency__c:frequence Preferred_Style__c:style +Interests__c:interets !Pet__c:animal ~Profession__c:profession ~CSP__c:csp HomeStore__c:magrattach LeadSource:origine CreatedDate:datecrea LastContactDate__c:dercontact ~InactiveSince__c:dateinact !FacebookUrl__c:reseau !PhotoUrl:photo LastModifiedDate:maj ?Custom_Flag_7__c ?Old_Ref__c
 ~PartnerName__c:nomcomplet ~SecondHomeCity__c:ville +TwitterHandle__c:reseau +Rating_Score__c:appetence ~WorkEmail__c:emailpro !WorkPhone__c:fixe ~GeoZone__c:zone +ConsentPartner__c:optpart ~Bounced__c:rebond +Lifecycle__c:cycle ~Revenue12m__c:caannuel ~Purchases__c:nbachats +ChurnRisk__c:attrition ?Import_Batch_Note__c
set | ConsentRecord | structured | 2610000 | 60 | 70 | | customers,prospects | CRM-01 | compte | Consentements et oppositions | Consents and objections
 Id:cle ContactKey__c:idclient OptInEmail__c:optemail OptInSMS__c:optsms ~OptInPhone__c:opttel OptInPost__c:optposte !OptInPartners__c:optpart ConsentDate__c:dateopt ConsentSource__c:sourceopt ConsentText__c:textopt OptOutDate__c:opposition ~ConsentIP__c:ip LastModifiedDate:maj
 ~OptInFrequency__c:frequence +FormUrl__c:pagevue StatusLabel__c:statutlib
set | Project | structured | 96000 | 36 | 61 | | prospects | CRM-03 | magasin | Projets d’éclairage | Lighting projects
 ContactKey__c:idclient ProjectNumber__c:iddossier +MovingDate__c:demenage Style__c:style ~Housing__c:logement ~Surface__c:surface ~OwnsHome__c:proprio +Notes__c:commentaire SalesRep__c:vendeur LightingNeed__c:vue Workshop__c:evenement !Budget_Income__c:revenus ?Score_v1__c
 ~Profession__c:profession +Household__c:foyer ~PreviousHome__c:logement +PhotoRoom__c:photo LastModifiedDate:maj
set | Case | structured | 310000 | 36 | 66 | | customers | SAV-01 | telephone | Demandes de service | Service requests
 CaseNumber:iddossier ContactKey__c:idclient SuppliedName:nomcomplet SuppliedEmail:email SuppliedPhone:mobile Reason:motif Complaint__c:reclamation GoodwillAmount__c:gestecom Channel:canalcontact LastContact__c:dercontact Agent__c:vendeur !Comments:commentaire ~Priority_Score__c:appetence StatusLabel:statutlib
 +CustomerMood__c:attrition ~Language__c:langue !BirthdateCheck__c:naissance LastModifiedDate:maj
set | CampaignMember | structured | 48200000 | 24 | 58 | | customers,prospects | CRM-01 | | Historique des sollicitations | Solicitation history
 ContactKey__c:idclient CampaignName:campagne TemplateName:modele ~Sent30Days__c:pression LastOpen__c:ouverture LastClick__c:clic ~ResponseText__c:message !UtmSource__c:utm
 +DeviceUsed__c:navigateur ~OpenCity__c:zone CreatedDate:charge
set | Event__c | structured | 22000 | 24 | 40 | | customers | CRM-03 | magasin | Ateliers en magasin | Workshops in store
 ContactKey__c:idclient Workshop__c:evenement Store__c:magrattach +Companions__c:foyer +DietaryNeeds__c:allergie AccessNeeds__c:pmr !CarPlate__c:plaque StoreCode__c:codemag
 ~Allergies__c:allergie +Phone__c:mobile ~Feedback__c:verbatim

app | Boutique en ligne | ecommerce | ecommerce | sophie | Commerzia | hosted | France | yes | live | Site marchand et application mobile. | Online shop and mobile application.
set | customer_entity | structured | 968000 | 36 | 84 | | customers | CRM-01 | web | Comptes clients du site | Customer accounts of the shop
 entity_id:idclient email:email firstname:prenom lastname:nom prefix:civilite ~dob:naissance !gender:genre ~taxvat:nomnaiss password_hash:mdp reset_token:jetonreset last_login_at:derconn ~login_count:nbconn preferred_locale:langue created_at:datecrea updated_at:maj newsletter_opt_in:optemail sms_opt_in:optsms opt_in_at:dateopt opt_in_source:sourceopt !partner_opt_in:optpart ~avatar:photo ~nickname:pseudo !facebook_id:reseau ?legacy_attr_12 ?eav_text_4
 ~google_id:reseau +fraud_score:scorecredit ~default_device:terminal +last_ip:ip ~favourite_style:style group_label:statutlib ?eav_int_9
set | customer_address | structured | 1510000 | 36 | 84 | | customers | VTE-01 | web | Carnet d’adresses | Address book
 customer_id:idclient @ship_ shipping_phone:mobile company:societe ~vat_id:tva !door_code:digicode ~fax:fax region:region
 ~alt_phone:fixe +delivery_notes:commentaire updated_at:maj
set | sales_order | structured | 4380000 | 120 | 110 | m | customers | VTE-01 | web | Commandes | Orders
 increment_id:idcommande customer_id:idclient customer_email:email customer_name:nomcomplet status:statutcde grand_total:montant discount_amount:remise created_at:dateachat store_code:codemag delivery_store:magasin channel:canal coupon_code:cheque payment_method:moyenpaie paid_at:datepaie card_last4:carte4 ~card_token:jetoncarte !card_exp:cartexp +remote_ip:ip ~user_agent:navigateur gift_message:message !fraud_flag:fraude @bill_
 +affiliate:utm ~gift_from:prenom ~customer_dob:naissance +customer_gender:genre updated_at:maj
set | sales_order_item | structured | 12900000 | 120 | 110 | | customers | VTE-01 | web | Lignes de commande | Order lines
 order_id:idcommande sku:produit catalog_ref:article qty:quantite row_total:montant catalog_price:prixcat warranty_end:garantie ~range:univers
 ~warranty_owner:nomcomplet +personal_engraving:message
set | quote | semi_structured | 740000 | 6 | 19 | | customers,prospects | WEB-01 | web | Paniers | Baskets
 customer_email:email items:panier updated_at:datepanier created_at:maj +remote_ip:ip ~utm_source:utm session_cookie:cookie tracker_choice:choixcookie
 +guest_phone:mobile ~guest_city:ville ~abandon_score:attrition
set | wishlist | structured | 214000 | 24 | 50 | | customers | WEB-01 | web | Listes d’envies | Wish lists
 customer_id:idclient items:envies !wedding_date:mariage !shared_with:filleul ~public_name:pseudo
 ~baby_due:demenage +last_view:produitvu updated_at:maj
set | return_request | structured | 388000 | 60 | 60 | | customers | VTE-01 | web | Retours | Returns
 order_id:idcommande customer_id:idclient reason:motifretour refund_amount:montantretour returned_at:dateretour iban:iban iban_holder:titulaire pickup_signature:signature !id_card_number:cni
 +comment:commentaire ~photo_proof:photo !bank_name:titulaire updated_at:maj
set | web_event | semi_structured | 186000000 | 13 | 30 | | visitors | WEB-01 | traceurs | Événements de navigation | Browsing events
 cookie_id:cookie page_url:pagevue product_id:produitvu +search_term:recherche ~session_duration:duree ~referrer:utm ~user_agent:navigateur +ip_address:ip ~device_id:terminal consent_string:choixcookie !geo_lat:latitude !geo_lon:longitude ~geo_city:zone batch_loaded_at:charge ?payload ?ab_bucket
 +cart_value:montant ~scroll_depth:duree !screen_fingerprint:terminal
set | push_device | structured | 156000 | 24 | 33 | | customers | CRM-01 | application | Appareils de l’application mobile | Devices of the mobile application
 customer_id:idclient push_token:jetonpush ~idfa:terminal ~os_version:navigateur last_seen:derconn !advertising_lat:latitude
 +language:langue ~timezone:zone created_at:maj

app | Mailéo | emailing | marketing | camille | Mailéo SAS | saas | France | yes | live | Routage des e-mails et des SMS, scénarios automatisés. | E-mail and SMS delivery, automated scenarios.
set | PROFILS | structured | 1120000 | 36 | 62 | | customers,prospects | CRM-01 | | Profils de contact | Contact profiles
 ID_CONTACT:idclient EMAIL:email MOBILE:mobile PRENOM:prenom ~NOM:nom ~CIVILITE:civilite JOUR_MOIS_NAISS:journaiss !DATE_NAISSANCE:naissance LANGUE:langue CP:cp ~VILLE:ville MAGASIN:magrattach OPTIN_EMAIL:optemail OPTIN_SMS:optsms DATE_OPTIN:dateopt SOURCE_OPTIN:sourceopt DATE_DESABO:opposition DERNIERE_OUVERTURE:ouverture DERNIER_CLIC:clic ~NB_CLICS_90J:nbclics +HARDBOUNCE:rebond STYLE_PREFERE:style ~SEXE:genre !NB_ENFANTS:enfants SEGMENT:segment +SCORE_RFM:rfm ~PANIER_MOYEN:panmoyen DERNIER_ACHAT:deracht ~NB_ACHATS:nbachats DATE_IMPORT:charge ?CHAMP_LIBRE_1 ?CHAMP_LIBRE_2 ?CHAMP_LIBRE_3
 +CLV:clv ~REGION:region ~DERNIER_MAGASIN:magasin +CYCLE_VIE:cycle ~PRESSION_30J:pression !TELEPHONE_FIXE:fixe !SITUATION:marital ~CA_12M:caannuel +APPETENCE:appetence DATE_MAJ:maj ?CHAMP_LIBRE_4
set | ENVOIS | structured | 64000000 | 24 | 44 | | customers,prospects | CRM-01 | | Envois et réactions | Sends and reactions
 ID_CONTACT:idclient CAMPAGNE:campagne MODELE:modele DATE_OUVERTURE:ouverture DATE_CLIC:clic ~NAVIGATEUR:navigateur !IP_OUVERTURE:ip ~GEO_OUVERTURE:zone
 +VILLE_CLIC:zone ~SYSTEME:terminal DATE_CHARGEMENT:charge
set | FORMULAIRES | structured | 84000 | 12 | 37 | | prospects | CRM-01 | newsletter | Inscriptions à la newsletter | Newsletter sign-ups
 EMAIL:email PRENOM:prenom ORIGINE:origine DATE_OPTIN:dateopt VERSION_TEXTE:textopt +CENTRES_INTERET:interets !IP:ip ~CODE_POSTAL:cp ?REPONSE_LIBRE
 +TELEPHONE:mobile ~NOM:nom CODE_FORM:statutlib
set | PANIER_ABANDON | structured | 410000 | 6 | 20 | | customers | WEB-01 | | Déclencheur panier abandonné | Abandoned basket trigger
 EMAIL:email PANIER:panier DATE_PANIER:datepanier PRENOM:prenom ~PAGE:pagevue DATE_CHARGEMENT:charge
set | LISTE_PARRAINAGE | structured | 18600 | 24 | 39 | | customers,prospects | CRM-02 | web | Parrainage (programme arrêté) | Referral (programme ended)
 ID_PARRAIN:parrain ~EMAIL_PARRAIN:email !EMAIL_FILLEUL:filleul !PRENOM_FILLEUL:prenom ~DATE_INVITATION:dercontact
 !TELEPHONE_FILLEUL:mobile ~NB_FILLEULS:nbachats DATE_CHARGEMENT:charge

app | CaisseNova | pos | magasins | marc | Nova Retail | on_premises | France | no | live | Encaissement des 84 magasins. | Tills of the 84 stores.
set | T_CLIENT | structured | 742000 | 36 | 118 | | customers | CRM-02 | caisse | Clients connus des caisses | Customers known to the tills
 CLI_NUM:idclient CLI_CARTE:idcarte CLI_CIV:civilite CLI_NOM:nom CLI_PRENOM:prenom ~CLI_NOM_JF:nomnaiss CLI_EMAIL:email CLI_TEL:mobile ~CLI_TEL2:fixe !CLI_FAX:fax ~CLI_DNAIS:naissance @CLI_ ~CLI_PROF:profession !CLI_SITFAM:marital !CLI_NBENF:enfants +CLI_OBS:commentaire CLI_MAG:magrattach CLI_VENDEUR:vendeur CLI_DCREA:datecrea CLI_DMAJ:maj ~CLI_OPTPOSTE:optposte ?CLI_ZONE1 ?CLI_ZONE2 ?CLI_ZONE3
 ~CLI_PIECE:cni +CLI_RISQUE:impaye ~CLI_LOGEMENT:logement !CLI_VEHIC:vehicule ~CLI_LANGUE:langue +CLI_RFM:rfm CLI_LIBTYPE:statutlib
set | T_TICKET | structured | 21800000 | 120 | 121 | | customers | CPT-01 | caisse | Tickets de caisse | Till receipts
 TIC_NUM:idticket CLI_NUM:idclient TIC_DATE:dateachat TIC_MONTANT:montant TIC_REMISE:remise TIC_MAG:magasin TIC_VENDEUR:vendeur TIC_PAIEMENT:moyenpaie TIC_CB4:carte4 TIC_MAGCODE:codemag
 +TIC_NOTE:commentaire TIC_DMAJ:maj
set | T_LIGNE | structured | 66400000 | 120 | 121 | | customers | CPT-01 | caisse | Lignes de ticket | Receipt lines
 TIC_NUM:idticket LIG_ART:produit LIG_QTE:quantite LIG_MONTANT:montant ART_REF:article ART_PRIX:prixcat
set | T_AVOIR | structured | 94000 | 60 | 75 | | customers | VTE-01 | caisse | Avoirs et remboursements | Credit notes and refunds
 AVO_NUM:iddossier CLI_NUM:idclient AVO_MONTANT:montantretour AVO_DATE:dateretour AVO_MOTIF:motifretour AVO_IBAN:iban !AVO_CNI:cni ~AVO_SIGN:signature
 +AVO_TEL:mobile !AVO_ADRESSE:rue
set | T_CMD_SPECIALE | structured | 61000 | 60 | 80 | | customers | VTE-01 | caisse | Commandes spéciales en magasin | Special orders in store
 CMD_NUM:idcommande CLI_NUM:idclient CMD_NOM:nomcomplet CMD_TEL:mobile @LIV_ CMD_ETAT:statutcde CMD_MONTANT:montant CMD_ACOMPTE:moyenpaie !CMD_DIGICODE:digicode +CMD_VEHICULE:plaque ?CMD_DIVERS
 +CMD_MAIL:email ~CMD_DNAIS:naissance CMD_DMAJ:maj

app | Écoute+ | call_center | service | ines | Vocalis | saas | Maroc | yes | live | Centre de relation client, téléphone et messagerie. | Contact centre, phone and messaging.
set | calls | structured | 2140000 | 12 | 41 | | customers,prospects | SAV-01 | telephone | Appels | Calls
 callId:cle customerId:idclient callerNumber:mobile startedAt:appel duration:dureeappel reason:motif agentId:vendeur ~satisfactionAfterCall:csat !callerLocation:zone
 +sentiment:attrition ~callerAge:age !callerIp:ip updatedAt:maj
set | recordings | unstructured | 890000 | 6 | 29 | | customers | SAV-01 | telephone | Enregistrements des appels | Call recordings
 callRef:iddossier audioUrl:enregistr +transcript:message ~emotionScore:attrition fileName:fichier
set | messages | unstructured | 3320000 | 36 | 52 | | customers | SAV-01 | messagerie | Messages et discussions | Messages and chats
 threadId:iddossier customerEmail:email authorName:nomcomplet body:message channel:canalcontact receivedAt:dercontact ~browser:navigateur !ipAddress:ip
 +sentiment:attrition ~phone:mobile !attachedId:cni
set | complaints | structured | 128000 | 60 | 63 | | customers | SAV-01 | telephone | Réclamations | Complaints
 caseNumber:iddossier customerId:idclient orderNumber:idcommande complaintReason:reclamation compensation:gestecom openedAt:dercontact freeComment:commentaire !healthDetails:vue !unpaidAmount:impaye
 +lawyerName:nomcomplet ~purchaseHistory:achats updatedAt:maj
set | callbacks | structured | 46000 | 12 | 27 | | prospects | CRM-01 | telephone | Rappels demandés | Call-backs requested
 phoneNumber:mobile firstName:prenom ~title:civilite +wishedSlot:preference +phoneConsent:opttel topic:motif ?misc
 ~postcode:cp +email:email createdAt:maj
set | blocklist | structured | 9200 | 36 | 48 | | customers,prospects | CRM-01 | telephone | Liste d’opposition téléphonique | Phone objection list
 phone:mobile objectionDate:opposition source:sourceopt !reasonText:commentaire

app | Club Lumière | loyalty | marketing | camille | Maison Lumière | hosted | France | no | live | Moteur du programme de fidélité. | Engine of the loyalty programme.
set | adherent | structured | 612000 | 36 | 74 | | customers | CRM-02 | carte | Adhérents | Members
 num_carte:idcarte id_client:idclient nom:nom prenom:prenom email:email mobile:mobile jour_mois_naissance:journaiss ~date_naissance:naissance code_postal:cp ~ville:ville date_adhesion:dateadhesion magasin_adhesion:magrattach statut:statutfid solde_points:points expiration_points:expirpoints optin_email:optemail +optin_sms:optsms preuve_optin:dateopt !conjoint:marital !date_naiss_enfant_1:naissenfant !date_naiss_enfant_2:naissenfant ~piece_identite:cni ~profession:profession !date_mariage:mariage maj_le:maj ?zone_libre
 ~taille_foyer:foyer ~type_logement:logement !animal:animal ~vehicule:vehicule +rfm:rfm +panier_moyen:panmoyen ~telephone_fixe:fixe !nationalite:nationalite
set | mouvement_points | structured | 38100000 | 36 | 74 | | customers | CRM-02 | | Mouvements de points | Points movements
 num_carte:idcarte ticket:idticket points:points date_achat:dateachat montant:montant magasin:magasin libelle:statutlib ~article:produit
 ~vendeur:vendeur charge_le:charge
set | cheque_fidelite | structured | 1480000 | 36 | 60 | | customers | CRM-02 | | Chèques fidélité | Loyalty vouchers
 num_carte:idcarte code_cheque:cheque montant:remise expiration:expirpoints ~canal_utilisation:canal
set | offre_personnelle | structured | 5200000 | 12 | 26 | | customers | CRM-03 | | Offres personnelles | Personal offers
 num_carte:idcarte univers:univers ~score:appetence +segment_offre:segment modele:modele ~religion_fete:religion
 ~appetence_luxe:clv +offre_vue_le:ouverture
set | parrainage | structured | 26400 | 24 | 46 | | customers | CRM-02 | carte | Parrainages (programme arrêté) | Referrals (programme ended)
 id_parrain:parrain ~num_carte:idcarte !email_filleul:filleul !nom_filleul:nom ~date_parrainage:dercontact ~points_offerts:points
 !tel_filleul:mobile ~statut_parrain:statutfid maj_le:maj

app | Prisme CDP | cdp | marketing | camille | Prisme Data | saas | États-Unis | yes | live | Plateforme de données clients : identité unifiée, segments, scores. | Customer data platform: unified identity, segments, scores.
set | profile | semi_structured | 1640000 | 36 | 38 | | customers,prospects | CRM-03 | | Profil unifié | Unified profile
 master_id:idmaster email_sha256:idhash email:email phone:mobile first_name:prenom ~last_name:nom ~age_range:age ~gender:genre zip:cp ~city:ville ~region:region home_store:magrattach lifecycle_stage:cycle rfm_score:rfm ~clv:clv +churn_score:attrition propensity:appetence segment:segment favourite_range:univers last_purchase:deracht ~first_purchase:premacht ~purchase_count:nbachats annual_revenue:caannuel average_basket:panmoyen +income_estimate:revenus ~csp:csp ~household:foyer !children_estimate:enfants !religion_affinity:religion ~home_owner:proprio ~pet_owner:animal last_contact:dercontact email_opt_in:optemail sms_opt_in:optsms ~device_ids:terminal ~geo_zone:zone !credit_score:scorecredit loaded_at:charge ?trait_001 ?trait_002 ?trait_003 ?trait_004
 +home_value_estimate:surface ~moving_intent:demenage ~work_zip:csp +next_basket:panmoyen ~email_engagement:nbclics !health_interest:vue ?trait_005
set | identity_graph | structured | 7200000 | 24 | 36 | | customers,visitors | CRM-03 | | Graphe d’identité | Identity graph
 master_id:idmaster customer_id:idclient loyalty_card:idcarte +cookie_id:cookie ~device_id:terminal email_hash:idhash ~push_token:jetonpush !ip_history:ip
 ~ip_last:ip +match_address:rue loaded_at:charge
set | behaviour | semi_structured | 212000000 | 13 | 25 | | customers,visitors | WEB-01 | traceurs | Comportements | Behaviour
 master_id:idmaster product_viewed:produitvu page:pagevue +search:recherche basket:panier ~duration:duree ~likes:likes !lat:latitude !lon:longitude ~source:utm loaded_at:charge
 +cart_value:montant ~city:zone ~browser:navigateur
set | audience_export | structured | 9400000 | 6 | 22 | | customers | CRM-03 | | Audiences envoyées aux régies | Audiences sent to advertising platforms
 email_hash:idhash +phone_hash:mobile audience:segment !partner_consent:optpart +exported_profile:interets ~country:pays
 ~age_range:age !gender:genre exported_at:charge
set | score_history | structured | 44000000 | 12 | 31 | | customers | CRM-03 | | Historique des scores | Score history
 master_id:idmaster rfm:rfm ~propensity:appetence ~churn:attrition +basket_forecast:panmoyen model_label:statutlib
 ~income_model:revenus +lifecycle:cycle computed_at:charge

app | Phare | warehouse | dsi | julien | Maison Lumière | hosted | France | no | live | Entrepôt de données et tableaux de bord. | Data warehouse and dashboards.
set | dim_client | structured | 1840000 | 60 | 108 | | customers,prospects | CRM-03 | | Dimension client | Customer dimension
 cle_client:cle id_client:idclient nom:nom ~prenom:prenom ~email:email ~telephone:mobile tranche_age:age ~date_naissance:naissance +sexe:genre code_postal:cp ~ville:ville ~adresse:rue magasin_rattachement:magrattach segment:segment score_rfm:rfm +csp:csp ~situation_familiale:marital !nb_enfants:enfants ~logement:logement date_creation:datecrea date_inactivite:dateinact date_chargement:charge ?attribut_x1 ?attribut_x2
 +telephone_fixe:fixe ~profession:profession ~email_pro:emailpro +panier_moyen:panmoyen ~nationalite:nationalite
set | fait_vente | structured | 88200000 | 120 | 120 | | customers | CPT-01 | | Faits de vente | Sales facts
 id_client:idclient num_ticket:idticket date_vente:dateachat montant_ttc:montant remise:remise produit:produit magasin:magasin canal:canal code_magasin:codemag
set | fait_contact | structured | 52000000 | 36 | 66 | | customers | CRM-01 | | Faits de contact | Contact facts
 id_client:idclient canal:canalcontact campagne:campagne date_contact:dercontact ~ouverture:ouverture ~clic:clic !duree_appel:dureeappel
 +sentiment:attrition ~ville_contact:zone
set | fait_satisfaction | structured | 620000 | 36 | 48 | | customers | SAT-01 | | Faits de satisfaction | Satisfaction facts
 id_client:idclient note_nps:nps note_csat:csat +verbatim:verbatim magasin:magrattach ~canal:canal
 ~age_repondant:age date_chargement:charge
set | agg_magasin | structured | 5300 | | 96 | | | CRM-03 | | Agrégats par magasin | Aggregates by store
 code_magasin:codemag nom_magasin:nommag nb_clients:agregat date_calcul:charge
set | archive_client_2016 | structured | 431000 | 36 | 126 | | customers | CRM-03 | | Archive de l’ancien outil (2016) | Archive of the former tool (2016)
 ~nom:nom ~prenom:prenom !email:email !telephone:fixe !adresse:rue !code_postal:cp !ville:ville ~date_naissance:naissance !profession:profession !revenus:revenus !num_secu:nir !observations:commentaire ?col_17 ?col_18 ?col_19 ?col_22 fichier_source:fichier
 !conjoint:marital ~mobile:mobile
set | requete_marketing | structured | 274000 | 12 | 34 | | customers | CRM-03 | | Extraction marketing mensuelle | Monthly marketing extract
 id_client:idclient email:email +telephone:mobile ~date_naissance:naissance +panier_moyen:panmoyen +dernier_achat:deracht +score_attrition:attrition segment:segment !nb_enfants:enfants +interets:interets fichier:fichier
 +rfm:rfm ~naissance_enfant:naissenfant +foyer:foyer

app | Gesto ERP | erp | finance | julien | Gesto | on_premises | France | no | live | Comptabilité, facturation, logistique. | Accounting, invoicing, logistics.
set | T_TIERS | structured | 386000 | 120 | 122 | | customers,partners | CPT-01 | | Tiers clients | Customer accounts
 TIE_CODE:idclient TIE_NOM:nom TIE_PRENOM:prenom TIE_RS:raison TIE_SIRET:siret TIE_TVA:tva @TIE_ TIE_TEL:fixe !TIE_FAX:fax TIE_MAIL:email TIE_IBAN:iban TIE_TITUL:titulaire +TIE_ENCOURS:scorecredit TIE_IMPAYE:impaye TIE_MAJ:maj ?TIE_ZL1 ?TIE_ZL2
 +TIE_NOTE:commentaire !TIE_DNAIS:naissance ~TIE_MAILPRO:emailpro
set | T_FACTURE | structured | 5100000 | 120 | 122 | | customers,partners | CPT-01 | | Factures | Invoices
 FAC_NUM:idfacture TIE_CODE:idclient FAC_DATE:dateachat FAC_MTTC:montant FAC_REM:remise FAC_MODE:moyenpaie FAC_DPAIE:datepaie FAC_LIB:statutlib
set | T_LIVRAISON | structured | 2960000 | 60 | 84 | | customers | VTE-01 | | Livraisons | Deliveries
 LIV_CDE:idcommande LIV_NOM:nomcomplet LIV_TEL:mobile @LIV_ LIV_SIGN:signature LIV_ETAT:statutcde ~LIV_GPSLAT:latitude ~LIV_GPSLON:longitude +LIV_ETAGE:digicode !LIV_PHOTO:photo
 +LIV_CONSIGNE:commentaire LIV_MAJ:maj
set | T_RECOUVR | structured | 14200 | 60 | 88 | | customers | CPT-01 | | Recouvrement | Collection
 TIE_CODE:idclient REC_MONTANT:impaye REC_FACT:idfacture REC_DATE:dercontact !REC_EMPLOYEUR:societe !REC_NOTE:commentaire +REC_FRAUDE:fraude
set | T_SAV_PIECE | structured | 71000 | 60 | 73 | | customers | SAV-01 | | Pièces détachées | Spare parts
 SAV_NUM:iddossier SAV_CLIENT:idclient SAV_ART:produit SAV_REF:article SAV_DATE:dercontact

app | Sondo | survey | service | ines | Sondo | saas | France | yes | live | Enquêtes de satisfaction. | Satisfaction surveys.
set | reponses_nps | structured | 486000 | 24 | 46 | | customers | SAT-01 | enquete | Réponses aux enquêtes | Survey answers
 response_id:cle customer_id:idclient email:email nps_score:nps csat_score:csat comment:verbatim purchase_date:dateachat store:magrattach ~respondent_age:age ~respondent_gender:genre !ip_address:ip ~device:navigateur ?q12_other ?q13_other
 +city:ville ~household:foyer loaded_at:charge
set | panel_decoration | structured | 6400 | 24 | 44 | | prospects | CRM-03 | enquete | Panel décoration (clos) | Decoration panel (closed)
 ~email:email ~prenom:prenom !revenus:revenus !logement:logement !surface:surface !situation:marital !enfants:enfants ~style:style ~profession:profession !photo_salon:photo ?reponse_ouverte
set | envois_enquete | structured | 1900000 | 12 | 24 | | customers | SAT-01 | | Envois d’enquêtes | Survey sends
 customer_id:idclient email:email campaign:campagne template:modele ~opened_at:ouverture
 +phone:mobile ~clicked_at:clic

app | AvisClair | survey | ecommerce | sophie | AvisClair | saas | France | yes | live | Avis vérifiés sur les produits. | Verified product reviews.
set | reviews | structured | 173000 | 36 | 52 | | customers | SAT-01 | avis | Avis déposés | Reviews
 order_ref:idcommande author_alias:pseudo ~author_name:nomcomplet author_email:email rating:note review_text:avis product:produit ~photo_url:photo !author_city:ville !author_ip:ip
 ~author_zip:cp +helpful_votes:likes updated_at:maj
set | moderation | structured | 12800 | 36 | 50 | | customers | SAT-01 | | Modération | Moderation
 order_ref:idcommande decision_label:statutlib +moderator_note:commentaire ~author_email:email

app | Tableurs des magasins | spreadsheet | magasins | marc | | on_premises | France | no | retiring | Fichiers tenus par les équipes des magasins. | Files kept by the store teams.
set | VIP_magasins.xlsx | structured | 3800 | | 55 | | customers | CRM-02 | magasin | Meilleurs clients par magasin | Best customers by store
 Nom:nom Prénom:prenom +Téléphone:mobile +Email:email ~Anniversaire:journaiss +Vendeur:vendeur +Préférences:style !Conjoint:marital !Enfants:enfants !Remarques:commentaire +Magasin:magrattach Code_magasin:codemag ?Colonne_M ?Colonne_N
 ~Adresse:rue +Dernier_achat:deracht !Profession:profession ~Budget:clv
set | Listes_mariage.xlsx | structured | 2100 | | 68 | | customers | VTE-01 | magasin | Listes de mariage (abandonnées) | Wedding lists (abandoned)
 !Mariés:nomcomplet !Date_mariage:mariage !Adresse:rue !Téléphone:fixe ~Invités:email ?Divers
set | Livraisons_samedi.xlsx | structured | 5600 | | 31 | | customers | VTE-01 | magasin | Livraisons du samedi | Saturday deliveries
 Nom:nomcomplet Téléphone:mobile Adresse:rue CP:cp Ville:ville +Code_porte:digicode !Plaque:plaque Commande:idcommande
 ~Créneau:preference
set | Inscriptions_ateliers.xlsx | structured | 1900 | | 26 | | customers,prospects | ACC-01 | magasin | Inscriptions aux ateliers | Workshop sign-ups
 Nom:nom Prénom:prenom Email:email Atelier:evenement PMR:pmr Gêne_visuelle:vue !Allergies:allergie ~Accompagnants:foyer ?Note
 +Mobile:mobile !Adresse:rue
set | Jeu_rentree.csv | structured | 9200 | | 3 | | prospects | CRM-03 | | Jeu-concours de rentrée (à classer) | September prize draw (to classify)
 ?email ?prenom ?nom ?telephone ?date_naissance ?code_postal ?optin_partenaires ?canal_inscription ?date_import
set | Rappels_magasin.csv | structured | 2700 | | 4 | | customers | VTE-01 | | Demandes de rappel en magasin (à classer) | Call-back requests in store (to classify)
 ?email ?prenom ?nom ?telephone ?code_postal ?id_client ?motif_appel ?creneau_rappel ?date_import
set | Cuisine_sur_mesure.csv | structured | 640 | | 2 | | customers | VTE-01 | | Projets de cuisine (à classer) | Kitchen projects (to classify)
 ?email ?nom ?telephone ?date_naissance ?code_postal ?id_client ?montant_devis ?nombre_enfants ?allergies ?date_import
`

// addressNames are the five columns of an address in each application.
var addressNames = map[string][5]string{
	"Orion CRM":         {"Street", "Street2", "PostalCode", "City", "Country"},
	"Boutique en ligne": {"street", "street_2", "postcode", "city", "country_id"},
	"CaisseNova":        {"ADR1", "ADR2", "CP", "VILLE", "PAYS"},
	"Gesto ERP":         {"ADR1", "ADR2", "CP", "VILLE", "PAYS"},
}

// addressConcepts are what they hold.
var addressConcepts = [5]string{"rue", "complement", "cp", "ville", "pays"}
