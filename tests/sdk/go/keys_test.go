package sdk

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thalassa-cloud/client-go/filters"
	"github.com/thalassa-cloud/client-go/kms"
	"github.com/thalassa-cloud/client-go/pkg/client"
)

var (
	aeadTypes = []kms.KmsKeyType{kms.KmsKeyTypeAES128GCM96, kms.KmsKeyTypeAES256GCM96, kms.KmsKeyTypeChaCha20Poly1305}
	rsaTypes  = []kms.KmsKeyType{kms.KmsKeyTypeRSA2048, kms.KmsKeyTypeRSA3072, kms.KmsKeyTypeRSA4096}
	ecTypes   = []kms.KmsKeyType{kms.KmsKeyTypeECDSAP256, kms.KmsKeyTypeECDSAP384, kms.KmsKeyTypeECDSAP521}
	hmacTypes = []kms.KmsKeyType{kms.KmsKeyTypeHMAC, kms.KmsKeyTypeHMACSHA256, kms.KmsKeyTypeHMACSHA512}
	edTypes   = []kms.KmsKeyType{kms.KmsKeyTypeEd25519}
)

func all(groups ...[]kms.KmsKeyType) []kms.KmsKeyType {
	var types []kms.KmsKeyType
	for _, group := range groups {
		types = append(types, group...)
	}
	return types
}

func TestCreateAndGetEveryType(t *testing.T) {
	everyDoor(t, func(t *testing.T, d door) {
		for _, keyType := range all(aeadTypes, rsaTypes, ecTypes, hmacTypes, edTypes) {
			t.Run(string(keyType), func(t *testing.T) {
				days := 90
				key := d.create(t, kms.CreateKmsKeyRequest{
					KeyType: keyType, Description: "made by a test", Labels: map[string]string{"team": "blue"},
					KeyRotationEnabled: true, RotationPeriodInDays: &days,
				})
				if !strings.HasPrefix(key.Identity, "kms-") || key.Slug == "" || key.KeyType != keyType {
					t.Fatalf("%+v", key)
				}
				if key.Status != kms.KmsKeyStatusActive || key.ExportAllowed || key.Imported || key.LatestVersion != 1 {
					t.Fatalf("%+v", key)
				}
				if !key.KeyRotationEnabled || key.RotationPeriodInDays == nil || *key.RotationPeriodInDays != days {
					t.Fatalf("%+v", key)
				}
				if key.Labels["team"] != "blue" || key.Description != "made by a test" || len(key.Versions) != 1 {
					t.Fatalf("%+v", key)
				}
				if age := time.Since(key.CreatedAt).Abs(); age > time.Minute {
					t.Fatalf("made %v ago", age)
				}
				for _, name := range []string{key.Identity, key.Slug} {
					found, err := d.client.GetKey(context.Background(), d.region, name)
					must(t, err)
					if !reflect.DeepEqual(found, key) {
						t.Fatalf("%+v is not %+v", found, key)
					}
				}
			})
		}
	})
}

func TestDefaultType(t *testing.T) {
	everyDoor(t, func(t *testing.T, d door) {
		if key := d.create(t, kms.CreateKmsKeyRequest{Name: fresh("default")}); key.KeyType != kms.KmsKeyTypeAES256GCM96 {
			t.Fatalf("%+v", key)
		}
	})
}

func TestListAndFilters(t *testing.T) {
	everyDoor(t, func(t *testing.T, d door) {
		label := fresh("label")
		first := d.create(t, kms.CreateKmsKeyRequest{KeyType: "aes128-gcm96", Labels: map[string]string{"set": label}})
		second := d.create(t, kms.CreateKmsKeyRequest{KeyType: "ed25519", Labels: map[string]string{"set": label}})
		check := func(expected int, wanted ...filters.Filter) {
			t.Helper()
			found, err := d.client.ListKeys(context.Background(), d.region, &kms.ListKeysRequest{Filters: wanted})
			must(t, err)
			if len(found) != expected {
				t.Fatalf("%d keys, not %d", len(found), expected)
			}
		}
		byLabel := &filters.LabelFilter{MatchLabels: map[string]string{"set": label}}
		check(1, &filters.FilterKeyValue{Key: filters.FilterName, Value: first.Name})
		check(1, &filters.FilterKeyValue{Key: filters.FilterSlug, Value: second.Slug})
		check(1, &filters.FilterKeyValue{Key: filters.FilterIdentity, Value: second.Identity})
		check(2, byLabel)
		check(2, byLabel, &filters.FilterKeyValue{Key: filters.FilterStatus, Value: "active"})
		check(0, byLabel, &filters.FilterKeyValue{Key: filters.FilterStatus, Value: "disabled"})
		check(0, &filters.FilterKeyValue{Key: filters.FilterName, Value: "nobody"})
		everything, err := d.client.ListKeys(context.Background(), d.region, nil)
		must(t, err)
		names := map[string]bool{}
		for _, key := range everything {
			names[key.Name] = true
		}
		if !names[first.Name] || !names[second.Name] {
			t.Fatal("a key is not listed")
		}
	})
}

func TestDisableEnableRotate(t *testing.T) {
	everyDoor(t, func(t *testing.T, d door) {
		ctx := context.Background()
		key := d.create(t, kms.CreateKmsKeyRequest{KeyType: kms.KmsKeyTypeAES256GCM96})
		sealed, err := d.client.EncryptBytes(ctx, d.region, key.Identity, []byte("before"))
		must(t, err)
		off, err := d.client.DisableKey(ctx, d.region, key.Identity)
		must(t, err)
		if off.Status != kms.KmsKeyStatusDisabled {
			t.Fatalf("%+v", off)
		}
		_, err = d.client.DecryptBytes(ctx, d.region, key.Identity, sealed.Ciphertext)
		refused(t, err, client.IsBadRequest)
		_, err = d.client.RotateKey(ctx, d.region, key.Identity)
		refused(t, err, client.IsBadRequest)
		on, err := d.client.EnableKey(ctx, d.region, key.Identity)
		must(t, err)
		if on.Status != kms.KmsKeyStatusActive {
			t.Fatalf("%+v", on)
		}
		turned, err := d.client.RotateKey(ctx, d.region, key.Identity)
		must(t, err)
		if turned.LatestVersion != 2 || len(turned.Versions) != 2 {
			t.Fatalf("%+v", turned)
		}
		opened, err := d.client.DecryptBytes(ctx, d.region, key.Identity, sealed.Ciphertext)
		must(t, err)
		if string(opened) != "before" {
			t.Fatalf("%q", opened)
		}
	})
}

func TestErrors(t *testing.T) {
	everyDoor(t, func(t *testing.T, d door) {
		ctx := context.Background()
		key := d.create(t, kms.CreateKmsKeyRequest{KeyType: kms.KmsKeyTypeEd25519})
		_, err := d.client.GetKey(ctx, d.region, "kms-unknown")
		refused(t, err, client.IsNotFound)
		_, err = d.client.CreateKey(ctx, d.region, kms.CreateKmsKeyRequest{Name: key.Name})
		refused(t, err, status("409"))
		_, err = d.client.CreateKey(ctx, d.region, kms.CreateKmsKeyRequest{Name: fresh("x"), KeyType: "rot13"})
		refused(t, err, client.IsBadRequest)
		_, err = d.client.EncryptBytes(ctx, d.region, key.Identity, []byte("x"))
		refused(t, err, client.IsBadRequest)
		_, err = d.client.Encrypt(ctx, d.region, key.Identity, kms.EncryptRequest{Plaintext: "***"})
		refused(t, err, client.IsBadRequest)
		_, err = d.client.ExportKey(ctx, d.region, key.Identity, kms.ExportKeyRequest{})
		refused(t, err, client.IsBadRequest)
		_, err = d.client.GetKey(ctx, d.region, key.Identity)
		must(t, err)
	})
}

func TestWrongCredentials(t *testing.T) {
	for _, tls := range []bool{false, true} {
		for _, scheme := range []string{"token", "bearer"} {
			wrong := client.WithAuthPersonalToken(told.Thalassa.Token + "x")
			if scheme == "bearer" {
				wrong = client.WithToken("tc_pat_nobody")
			}
			_, err := open(t, tls, scheme, wrong).ListKeys(context.Background(), told.Thalassa.Region, nil)
			refused(t, err, status("401"))
			elsewhere := open(t, tls, scheme, client.WithOrganisation("unknown"))
			_, err = elsewhere.ListKeys(context.Background(), told.Thalassa.Region, nil)
			refused(t, err, client.IsNotFound)
		}
	}
}

// status tells whether the client's error names an HTTP status.
func status(code string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), "status "+code) }
}

// refused sees that the client made the right error of the answer, with the server's words in it.
func refused(t *testing.T, err error, right func(error) bool) {
	t.Helper()
	if err == nil || !right(err) {
		t.Fatalf("another error was due: %v", err)
	}
	for _, bare := range []error{client.ErrNotFound, client.ErrBadRequest} {
		if strings.TrimSpace(err.Error()) == bare.Error() {
			t.Fatalf("the error says nothing: %v", err)
		}
	}
}
