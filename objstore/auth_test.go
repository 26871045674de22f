package objstore_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tapline/objstore"
	"tapline/objstore/gcstest"
)

// serviceAccount returns a key whose tokens the URL gives.
func serviceAccount(t *testing.T, tokens string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "reader@acme.test", "token_uri": tokens, "private_key_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestGCSServiceAccount: a key, given as text or as a file, gives tokens; one
// that Google does not know is no network failure.
func TestGCSServiceAccount(t *testing.T) {
	status, answer := http.StatusOK, `{"access_token":"needed","token_type":"Bearer","expires_in":3600}`
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(tokens.Close)
	key := serviceAccount(t, tokens.URL)
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := gcstest.NewServer(t, gcstest.Options{Token: "needed"}, "bucket")
	byText := objstore.Config{URL: "gs://bucket", CredentialsJSON: key}
	byFile := objstore.Config{URL: "gs://bucket", CredentialsFile: file}
	for _, c := range []objstore.Config{byText, byFile} {
		if got := names(t, bucketStore(t, srv, c)); got != 0 {
			t.Errorf("listed %d objects, want 0", got)
		}
	}
	status, answer = http.StatusBadRequest, `{"error":"invalid_grant","error_description":"Invalid grant: account not found"}`
	for op, err := range everything(t, bucketStore(t, srv, byText)) {
		if !errors.Is(err, objstore.ErrUnauthorized) || !strings.Contains(err.Error(), "account not found") {
			t.Errorf("%s = %v, want ErrUnauthorized and Google's reason", op, err)
		}
		if strings.Contains(err.Error(), "PRIVATE") || strings.Contains(err.Error(), "assertion") {
			t.Errorf("%s tells too much: %v", op, err)
		}
	}
}

func names(t *testing.T, s objstore.Store) (n int) {
	t.Helper()
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
