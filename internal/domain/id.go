package domain

// Identifiers of the registered things. Each noun has its own type so that one cannot be passed for another.
type (
	WorkspaceID        int64
	UserID             int64
	InvitationID       int64
	TeamID             int64
	ApplicationID      int64
	DatasetID          int64
	FieldID            int64
	CategoryID         int64
	CollectionPointID  int64
	PurposeID          int64
	MappingID          int64
	ObjectiveID        int64
	StageID            int64
	ProgramID          int64
	ScenarioID         int64
	SegmentID          int64
	TargetID           int64
	TargetVersionID    int64
	FlowID             int64
	DecisionID         int64
	BatchID            int64
	EventID            int64
	ImportID           int64
	ViewID             int64
	RemarkID           int64
	RetentionRuleID    int64
	ClientProcessingID int64
	RecordImportID     int64
	ApprovalID         int64
	ThreadID           int64
	WorkshopID         int64
	WorkshopCardID     int64
	ParticipantID      int64
)
