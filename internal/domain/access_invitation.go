package domain

import "time"

// InvitationTTL is how long the link of an invitation opens.
const InvitationTTL = 7 * 24 * time.Hour

// Invitation is a link by which a person joins a workspace.
type Invitation struct {
	ID         InvitationID
	Email      string
	Role       Role
	InvitedBy  string // name of who invited; empty for the command line
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt *time.Time
	RevokedAt  *time.Time
}

// InvitationState says what has become of an invitation.
type InvitationState string

// The states of an invitation; only an open one lets somebody in.
const (
	InvitationOpen     InvitationState = "open"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked"
	InvitationExpired  InvitationState = "expired"
)

// State is what has become of the invitation at a moment. An invitation opens until the moment of its end, not at it.
func (i Invitation) State(now time.Time) InvitationState {
	switch {
	case i.AcceptedAt != nil:
		return InvitationAccepted
	case i.RevokedAt != nil:
		return InvitationRevoked
	case !now.Before(i.ExpiresAt):
		return InvitationExpired
	}
	return InvitationOpen
}

// NewInvitation checks what was typed for an invitation.
func NewInvitation(email, role string) (Invitation, error) {
	var p Problems
	i := Invitation{Email: p.Email("email", email), Role: p.Role("role", role)}
	return i, p.Err()
}
