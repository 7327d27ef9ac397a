package domain

// Kind says what went wrong in a way that callers act on. It is itself an error, so that tests and handlers write
// errors.Is(err, domain.Conflict).
type Kind string

func (k Kind) Error() string { return string(k) }

// The kinds of error; see the web package for the page that each becomes.
const (
	Invalid         Kind = "invalid"         // what was typed cannot be accepted
	Unauthenticated Kind = "unauthenticated" // no usable session
	Denied          Kind = "denied"          // known actor, not allowed
	NotFound        Kind = "not found"       // absent, or in another workspace
	Conflict        Kind = "conflict"        // stale version, duplicate, still referenced, illegal transition
	TooLarge        Kind = "too large"       // over a limit
	Limited         Kind = "limited"         // too many attempts
	Unavailable     Kind = "unavailable"     // the database is away, or did not answer in time
)

// Error is an error that a person can be told about: Key and Args name a message, Fields name one per form field.
type Error struct {
	Kind   Kind
	Key    string
	Args   map[string]any
	Fields Problems
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Key }

// Unwrap makes errors.Is(err, kind) true.
func (e *Error) Unwrap() error { return e.Kind }

// Errorf builds an Error; args are name, value pairs for the message.
func Errorf(kind Kind, key string, args ...any) *Error {
	return &Error{Kind: kind, Key: key, Args: Args(args...)}
}

// Args turns name, value pairs into message arguments.
func Args(pairs ...any) map[string]any {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// Problem is one message about one form field.
type Problem struct {
	Key  string
	Args map[string]any
}

// Problems collects what is wrong with a form, by the name of the form field.
type Problems map[string]Problem

// Add notes the first problem of a field; later ones are left out, since one sentence at a time is enough.
func (p *Problems) Add(field, key string, args ...any) {
	if *p == nil {
		*p = Problems{}
	}
	if _, taken := (*p)[field]; !taken {
		(*p)[field] = Problem{Key: key, Args: Args(args...)}
	}
}

// Merge adds the problems of another check; the first one of a field stays, as it does with Add.
func (p *Problems) Merge(other Problems) {
	if *p == nil {
		*p = Problems{}
	}
	for field, problem := range other {
		if _, taken := (*p)[field]; !taken {
			(*p)[field] = problem
		}
	}
}

// Err is nil where there is no problem, else an Invalid error that carries them all.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.form", Fields: p}
}

// Changeable refuses a record that is archived: Conflict, as nothing else changes it either.
func Changeable(record any) error {
	if r, ok := record.(interface{ Archived() bool }); ok && r.Archived() {
		return Errorf(Conflict, "error.archived")
	}
	return nil
}
