package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"utile/internal/domain"
	"utile/internal/login"
	"utile/internal/store"
)

var userCommands = []command{
	{
		name: "user add", args: "EMAIL -workspace SLUG -role ROLE [-name NAME]", summary: "let a person into a workspace",
		help: `The password of a new account is read from standard input, one line. Somebody who has an account already keeps
their password and only joins the workspace, or changes role there.

Roles: admin, editor (CRM manager or data owner), dpo, facilitator, viewer.`,
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			workspace := fs.String("workspace", "", "slug of the workspace")
			role := fs.String("role", "", "admin, editor, dpo, facilitator or viewer")
			name := fs.String("name", "", "name of the person (what stands before the @ when missing)")
			return func(ctx context.Context, p *program, args []string) error {
				email, err := emailArg(args)
				if err != nil {
					return err
				}
				r, known := domain.ParseRole(*role)
				if !known {
					return usagef("Name the role with -role: one of admin, editor, dpo, facilitator, viewer.")
				}
				return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, w domain.Workspace) error {
					return p.addUser(ctx, st, by, w, domain.User{Email: email, Name: domain.CleanLine(*name)}, r)
				})
			}
		},
	},
	{
		name: "user password", args: "EMAIL", summary: "give a person another password",
		help: `The password is read from standard input, one line. The person's sessions end. It opens an account that a workspace
file or the worked example made, and one that was closed.`,
		flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
			return func(ctx context.Context, p *program, args []string) error {
				email, err := emailArg(args)
				if err != nil {
					return err
				}
				return p.withStore(ctx, func(st *store.Store) error { return p.setPassword(ctx, st, email) })
			}
		},
	},
	{
		name: "user list", summary: "list the people, whether they can sign in, and their workspaces",
		flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
			return func(ctx context.Context, p *program, args []string) error {
				if err := noArgs(args); err != nil {
					return err
				}
				return p.withStore(ctx, func(st *store.Store) error { return p.listUsers(ctx, st) })
			}
		},
	},
	{
		name: "user close", args: "EMAIL", summary: "let a person sign in no more",
		help: `The password is forgotten and the sessions end, in every workspace at once. What the person did and owns stays, until
an administrator of the workspace removes them from its members. server user password opens the account again.`,
		flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
			return func(ctx context.Context, p *program, args []string) error {
				email, err := emailArg(args)
				if err != nil {
					return err
				}
				return p.withStore(ctx, func(st *store.Store) error { return p.closeAccount(ctx, st, email) })
			}
		},
	},
}

func emailArg(args []string) (string, error) {
	text, err := oneArg(args, "e-mail address")
	if err != nil {
		return "", err
	}
	email, ok := domain.CleanEmail(text)
	if !ok {
		return "", usagef("%q is not an e-mail address.", text)
	}
	return email, nil
}

func (p *program) addUser(ctx context.Context, st *store.Store, by domain.Actor, w domain.Workspace, u domain.User, role domain.Role) error {
	account, err := st.UserByEmail(ctx, u.Email)
	existed := ""
	switch {
	case errors.Is(err, domain.NotFound):
		if u.Name == "" {
			u.Name, _, _ = strings.Cut(u.Email, "@")
		}
		if u, err = domain.NewUser(u); err != nil {
			return err
		}
		hash, err := p.readPassword(u)
		if err != nil {
			return err
		}
		if u.ID, err = st.AddUser(ctx, u, hash); err != nil {
			return err
		}
	case err != nil:
		return err
	case account.PasswordHash == "" || account.DisabledAt != nil:
		hash, err := p.readPassword(account.User)
		if err != nil {
			return err
		}
		if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), account.ID, hash); err != nil {
			return err
		}
		u.ID = account.ID
	default:
		u.ID = account.ID
		// Nobody proved the address: whoever calls must see whose account this is.
		existed = fmt.Sprintf(" The account existed, under the name %s.", account.Name)
	}
	if err := st.AddMembership(ctx, by, u.ID, role); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is in %s as %s.%s\n", u.Email, w.Slug, role, existed)
	return nil
}

// accountOf returns the account of an address.
func accountOf(ctx context.Context, st *store.Store, email string) (store.Account, error) {
	account, err := st.UserByEmail(ctx, email)
	if errors.Is(err, domain.NotFound) {
		err = fmt.Errorf("there is no account for %s: server user add makes one", email)
	}
	return account, err
}

func (p *program) listUsers(ctx context.Context, st *store.Store) error {
	users, err := st.Users(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EMAIL\tNAME\tACCESS\tWORKSPACES")
	for _, u := range users {
		access := "open"
		switch {
		case u.NeverOpened():
			access = "no password yet"
		case u.DisabledAt != nil:
			access = "closed"
		}
		list, err := st.MembershipsOf(ctx, u.ID)
		if err != nil {
			return err
		}
		roles := make([]string, len(list))
		for i, m := range list {
			roles[i] = fmt.Sprintf("%s (%s)", m.Slug, m.Role)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Email, u.Name, access, strings.Join(roles, ", "))
	}
	return w.Flush()
}

func (p *program) closeAccount(ctx context.Context, st *store.Store, email string) error {
	account, err := accountOf(ctx, st, email)
	if err != nil {
		return err
	}
	if err := st.CloseAccount(ctx, domain.Operator(domain.Workspace{}), account.User); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s (%s) can no longer sign in.\n", email, account.Name)
	return nil
}

func (p *program) setPassword(ctx context.Context, st *store.Store, email string) error {
	account, err := accountOf(ctx, st, email)
	if err != nil {
		return err
	}
	hash, err := p.readPassword(account.User)
	if err != nil {
		return err
	}
	if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), account.ID, hash); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "The password of %s was changed.\n", email)
	return nil
}

// readPassword reads one line from standard input and returns its hash.
func (p *program) readPassword(u domain.User) (string, error) {
	if f, ok := p.stdin.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintf(p.stderr, "Password of %s: ", u.Email)
		}
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("the password is missing: write it to standard input, on one line")
	}
	if err := login.CheckPolicy(password, u.Email, u.Name); err != nil {
		return "", err
	}
	return login.Hash(password), nil
}
