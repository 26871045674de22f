package objstore_test

import (
	"testing"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/objstoretest"
	"tapline/objstore/s3test"
)

var s3Keys = objstore.Config{URL: "s3://bucket/some/folder", AccessKeyID: "AKIDTEST", SecretAccessKey: "CANARY-SECRET"}

func TestS3(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
		srv := s3test.NewServer(t, s3test.Options{AccessKeyID: s3Keys.AccessKeyID}, "bucket")
		return s3Subject(t, srv)
	})
}

func TestS3UnderFaults(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
		srv := s3test.NewServer(t, s3test.Options{}, "bucket")
		srv.SetFaults(buckettest.Faults{Rate: 5, Seed: 11})
		s := s3Subject(t, srv)
		s.Many = 1500
		return s
	})
}

func s3Subject(t *testing.T, srv *buckettest.Server) objstoretest.Subject {
	s := bucketSubject(t, srv, s3Keys)
	s.ByContent = true
	return s
}
