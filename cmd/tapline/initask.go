package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
)

// The variables that hold the credentials unless others are named.
const accountRef, passcodeEnv = "${env:CT_ACCOUNT_ID}", "CT_PASSCODE"

// complete asks for what no flag has told. Region and time zone are nobody's to
// guess. With a source to ask it returns the events of the account.
func (a *app) complete(ctx context.Context, in *answers, noInput bool) ([]listedEvent, error) {
	if _, err := exporter.ParseDay(in.Since); err != nil {
		return nil, initError(fmt.Errorf("--since: %w", err))
	}
	if in.Source != "" && in.Source != "clevertap" {
		return nil, initError(fmt.Errorf("--source: %q cannot be asked; clevertap can", in.Source))
	}
	if noInput && (in.Region == "" && in.URL == "" || in.Timezone == "") {
		return nil, initError(errors.New("--no-input needs --region and --timezone"))
	}
	for _, q := range in.questions() {
		if err := a.settle(q, noInput); err != nil {
			return nil, err
		}
	}
	if in.Source == "" {
		return nil, a.settle(in.which(nil), noInput)
	}
	found, err := a.askAccount(ctx, *in)
	if err != nil {
		return nil, err
	}
	if len(in.Events) == 0 && !noInput && a.terminal.in && a.terminal.err {
		p := &printer{w: a.stderr, width: a.terminal.width}
		p.table(eventTable(found))
	}
	if err := a.settle(in.which(found), noInput); err != nil {
		return nil, err
	}
	return markChosen(found, in.Events), nil
}

// A question is something that init has to know.
type question struct {
	text, standard, flag string
	known                bool // a flag has told
	// take keeps the answer, or says what is wrong with it.
	take func(answer string) error
	now  string // the answer of the flag
}

// about is a question whose answer is one text.
func about(field *string, text, standard, flag string, check func(string) error) question {
	return question{text: text, standard: standard, flag: flag, known: *field != "", now: *field,
		take: func(answer string) error {
			*field = answer
			return check(answer)
		}}
}

// questions are those that can be asked before the account is.
func (in *answers) questions() []question {
	var list []question
	if in.URL == "" {
		list = append(list, about(&in.Region, "Which region is the CleverTap account in, such as in1? It begins the dashboard's address.", "", "--region", checkRegion))
	} else {
		list = append(list, about(&in.URL, "", "", "--url", checkURL))
	}
	account := about(&in.Account, "What is its account id, or which variable holds it?", accountRef, "--account-id", checkAccount)
	passcode := about(&in.PasscodeEnv, "Which environment variable holds its passcode?", passcodeEnv, "--passcode-env", checkVariable)
	if in.Source == "" { // whoever is not asked need not know yet
		account.standsFor(accountRef)
		passcode.standsFor(passcodeEnv)
	}
	return append(list, account, passcode,
		about(&in.Timezone, "Which time zone do its settings show, such as Asia/Kolkata?", "", "--timezone", checkZone))
}

// standsFor answers the question unless a flag has.
func (q *question) standsFor(answer string) {
	if !q.known {
		q.known, q.now = true, answer
	}
}

// which asks for the events, of those that are found.
func (in *answers) which(found []listedEvent) question {
	q := question{
		text: "Which event to load first? * is all of them.", standard: allEvents, flag: "--event", known: len(in.Events) > 0,
		take: func(answer string) (err error) {
			if len(found) == 0 {
				in.Events = []string{answer}
				return nil
			}
			in.Events, err = pick(answer, found)
			return err
		},
	}
	if len(found) > 0 {
		q.text = "Which of them to load? Numbers or names, with commas between; * is all of them."
	}
	if q.known {
		given := in.Events
		q.take = func(string) error { return checkEvents(given, found) }
	}
	return q
}

// settle finds the answer: the flag's, the standard one where nobody is to be
// asked, or a person's, who is asked again while it will not do.
func (a *app) settle(q question, noInput bool) error {
	if q.known || noInput {
		answer := q.now
		if !q.known {
			answer = q.standard
		}
		if err := q.take(answer); err != nil {
			return initError(err)
		}
		return nil
	}
	for {
		answer, err := a.ask(q.text, q.standard, q.flag)
		if err != nil {
			return err
		}
		err = q.take(answer)
		if err == nil {
			return nil
		}
		(&printer{w: a.stderr}).line("%s", err)
	}
}

// checkRegion and the like ask the kind itself about one key, the others being
// in order.
func checkRegion(region string) error {
	if region == "" || region != strings.ToLower(region) {
		return fmt.Errorf("region: %q is none; it begins the dashboard's address, such as in1 or eu1", region)
	}
	return clevertap.Config{Region: region, Timezone: "UTC", AccountID: "-", Passcode: config.NewSecret("-")}.Validate()
}

func checkURL(url string) error {
	return clevertap.Config{URL: url, Timezone: "UTC", AccountID: "-", Passcode: config.NewSecret("-")}.Validate()
}

func checkZone(zone string) error {
	return clevertap.Config{Timezone: zone, AccountID: "-", Passcode: config.NewSecret("-")}.Validate()
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	accountForm  = regexp.MustCompile(`^(\$\{env:[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9-]+)$`)
)

func checkAccount(id string) error {
	if !accountForm.MatchString(id) {
		return errors.New("--account-id: want an id such as AAA-BBB-CCCC, or ${env:NAME}")
	}
	return nil
}

// checkVariable does not repeat what was answered: it may be the passcode.
func checkVariable(name string) error {
	if !variableName.MatchString(name) {
		return errors.New("--passcode-env: want the name of an environment variable, such as CT_PASSCODE, and not the passcode")
	}
	return nil
}

// accountVariable is the variable that holds the account id, or "".
func (in answers) accountVariable() string {
	if name, ok := strings.CutPrefix(in.Account, "${env:"); ok {
		return strings.TrimSuffix(name, "}")
	}
	return ""
}

// variables are those that the file refers to.
func (in answers) variables() []string {
	if name := in.accountVariable(); name != "" {
		return []string{name, in.PasscodeEnv}
	}
	return []string{in.PasscodeEnv}
}

// credentials looks them up. The errors do not name the variable: in place of
// its name somebody may have given what belongs into it.
func (in answers) credentials() (account string, passcode config.Secret, err error) {
	account = in.Account
	if name := in.accountVariable(); name != "" {
		account = os.Getenv(name)
	}
	passcode = config.NewSecret(os.Getenv(in.PasscodeEnv))
	switch {
	case account == "":
		err = errors.New("--account-id: the variable that it names is not set here; export it, then run init again")
	case passcode.IsZero():
		err = errors.New("--passcode-env: the variable that it names is not set here; export it, then run init again")
	}
	if err != nil {
		err = initError(err)
	}
	return account, passcode, err
}
