package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Limits of sign-in (OWASP ASVS 6.3): so many failures within the window, then one waits until the oldest has left it.
// Nobody is ever locked out for good. An office shares one address, hence its higher limit.
const (
	SignInWindow       = 15 * time.Minute
	SignInPerAccount   = 10
	SignInPerAddress   = 60
	signInLockAccounts = 727010 // spaces of advisory locks
)

// SignInAttempt is one try to sign in. It counts as failed until FinishSignIn says otherwise, so that many at once cannot
// slip through together.
type SignInAttempt struct {
	account string
	ids     []int64
}

// StartSignIn notes a try for an account's e-mail from an address of the network. Limited, with the seconds to wait,
// where either has failed too often; such a try is not counted.
func (s *Store) StartSignIn(ctx context.Context, email, address string) (a SignInAttempt, err error) {
	keys := map[string]int{attemptKey("account", email): SignInPerAccount, attemptKey("address", networkOf(address)): SignInPerAddress}
	sorted := make([]string, 0, len(keys))
	for key := range keys {
		sorted = append(sorted, key)
	}
	slices.Sort(sorted) // one order for everybody: no deadlock
	now := s.now()
	err = s.Write(ctx, domain.Actor{}, func(s *Store) error {
		a = SignInAttempt{account: attemptKey("account", email)}
		for _, key := range sorted {
			wait, err := s.signInWait(ctx, key, keys[key], now)
			if err != nil {
				return err
			}
			if wait > 0 {
				return domain.Errorf(domain.Limited, "error.limited", "seconds", int(wait/time.Second)+1, "n", int(wait/time.Minute)+1)
			}
		}
		a.ids, err = many[int64](ctx, s, "session", `insert into sign_in_failure (key, at) select unnest(@keys::text[]), @now returning id`,
			pgx.StrictNamedArgs{"keys": sorted, "now": now})
		return err
	})
	return a, err
}

// signInWait tells how long to wait before the key may be tried again; zero for now. It holds the key until the
// transaction ends.
func (s *Store) signInWait(ctx context.Context, key string, most int, now time.Time) (time.Duration, error) {
	if _, err := s.exec(ctx, "session", `select pg_advisory_xact_lock(@space, hashtext(@key))`,
		pgx.StrictNamedArgs{"space": signInLockAccounts, "key": key}); err != nil {
		return 0, err
	}
	// The failure that must leave the window before there is room: the oldest of the newest so many.
	oldest, err := many[time.Time](ctx, s, "session", `select at from sign_in_failure where key = @key and at > @since
		order by at desc offset @skip limit 1`,
		pgx.StrictNamedArgs{"key": key, "since": now.Add(-SignInWindow), "skip": most - 1})
	if err != nil || len(oldest) == 0 {
		return 0, err
	}
	return oldest[0].Add(SignInWindow).Sub(now), nil
}

// FinishSignIn notes that a try succeeded: it no longer counts, nor do the account's earlier failures.
func (s *Store) FinishSignIn(ctx context.Context, a SignInAttempt) error {
	_, err := s.exec(ctx, "session", `delete from sign_in_failure where id = any(@ids) or key = @key`,
		pgx.StrictNamedArgs{"ids": a.ids, "key": a.account})
	return err
}

// networkOf is what throttling takes for one place: an address of IPv4, the 64 bits of one of IPv6 that stand for a line or a
// server (RFC 6177), which has more addresses than anybody could count.
func networkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

// attemptKey hides the e-mail or address: throttling needs to know it again, not to read it.
func attemptKey(kind, value string) string {
	h := sha256.Sum256([]byte(kind + "\x00" + value))
	return kind + ":" + hex.EncodeToString(h[:16])
}
