package objstore_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"tapline/objstore"
	"tapline/objstore/gcstest"
)

// A bucket is read as a folder is: list, then open each object at the
// generation that was listed.
func ExampleOpen() {
	srv := gcstest.New(gcstest.Options{}, "acme-drops") // stands for Google
	if err := srv.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ctx := context.Background()
	s, err := objstore.Open(ctx, objstore.Config{URL: "gs://acme-drops/exports", Endpoint: srv.URL})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	_, err = s.Put(ctx, "2026-09-01.csv", objstore.Precondition{Absent: true}, func(w io.Writer) error {
		_, err := io.WriteString(w, "event,ts\n")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	for o, err := range s.List(ctx, "2026-") {
		if err != nil {
			log.Fatal(err)
		}
		r, err := s.Open(ctx, o, 0)
		if err != nil {
			log.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %d %q\n", o.URL, o.Size, b)
	}
	// Output: gs://acme-drops/exports/2026-09-01.csv 9 "event,ts\n"
}
