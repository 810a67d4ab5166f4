// Package sdk drives a freshly started server with Thalassa's own Go client.
// This file starts and stops the server; the cases are in the other files.
package sdk

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/thalassa-cloud/client-go/kms"
	"github.com/thalassa-cloud/client-go/pkg/client"
	"github.com/thalassa-cloud/client-go/thalassa"
)

const (
	readyWithin   = 20 * time.Second
	stoppedWithin = 15 * time.Second // the server drains for ten seconds at most
)

// told is what `trent env` tells clients.
var told struct {
	Endpoint    string `json:"endpoint"`
	EndpointTLS string `json:"endpoint_tls"`
	CAFile      string `json:"ca_file"`
	Thalassa    struct {
		Token        string `json:"token"`
		API          string `json:"api"`
		Organisation string `json:"organisation"`
		Region       string `json:"region"`
	} `json:"thalassa"`
}

func TestMain(m *testing.M) {
	status, err := withServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// withServer runs the tests against a server of their own and sees that it ends with status zero.
func withServer(tests func() int) (status int, err error) {
	folder, err := os.MkdirTemp("", "trent-go-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	logPath := filepath.Join(folder, "server.log")
	log, err := os.Create(logPath)
	if err != nil {
		return 1, err
	}
	defer log.Close()
	port, err := freePort()
	if err != nil {
		return 1, err
	}
	data := filepath.Join(folder, "dev")
	server := exec.Command(binary(), "dev", "--data", data, "--listen", fmt.Sprintf("127.0.0.1:%d", port))
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	defer server.Process.Kill()
	defer func() {
		if err != nil {
			text, _ := os.ReadFile(logPath)
			err = fmt.Errorf("%w\n%s", err, text)
		}
	}()
	if err := waitReady(port, ended); err != nil {
		return 1, err
	}
	if err := readEnv(data, port); err != nil {
		return 1, err
	}
	status = tests()
	select {
	case err := <-ended:
		return 1, fmt.Errorf("the server ended by itself: %v", err)
	default:
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		return 1, err
	}
	select {
	case err := <-ended:
		if err != nil {
			return 1, fmt.Errorf("after SIGTERM: %w", err)
		}
	case <-time.After(stoppedWithin):
		return 1, errors.New("still running after SIGTERM")
	}
	return status, nil
}

func binary() string {
	if path := os.Getenv("TRENT_BIN"); path != "" {
		return path
	}
	return "../../../target/release/trent"
}

func freePort() (int, error) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer probe.Close()
	return probe.Addr().(*net.TCPAddr).Port, nil
}

func waitReady(port int, ended chan error) error {
	deadline := time.Now().Add(readyWithin)
	for time.Now().Before(deadline) {
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended by itself: %v", err)
		default:
		}
		if answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port)); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("not ready in time")
}

func readEnv(data string, port int) error {
	printed, err := exec.Command(binary(), "env", "--data", data, "--format", "json").Output()
	if err != nil {
		return fmt.Errorf("trent env: %w", err)
	}
	if err := json.Unmarshal(printed, &told); err != nil {
		return fmt.Errorf("trent env: %w", err)
	}
	if !strings.HasSuffix(told.Endpoint, fmt.Sprintf(":%d", port)) {
		return fmt.Errorf("trent env tells the endpoint %q, started on port %d", told.Endpoint, port)
	}
	return nil
}

// door is one way in: the client, and the region to ask for.
type door struct {
	name   string
	client *kms.Client
	region string
}

// everyDoor runs a test through plain HTTP and through TLS, with each form of the authorization header.
func everyDoor(t *testing.T, test func(t *testing.T, d door)) {
	t.Helper()
	for _, tls := range []bool{false, true} {
		for _, scheme := range []string{"token", "bearer"} {
			name := map[bool]string{false: "plain", true: "tls"}[tls] + "-" + scheme
			d := door{name, open(t, tls, scheme), told.Thalassa.Region}
			t.Run(name, func(t *testing.T) { test(t, d) })
		}
	}
}

// open makes the vendor's client. More options come after the usual ones and win over them.
func open(t *testing.T, tls bool, scheme string, more ...client.Option) *kms.Client {
	t.Helper()
	options := []client.Option{
		client.WithBaseURL(told.Endpoint),
		client.WithOrganisation(told.Thalassa.Organisation),
		client.WithTimeout(60 * time.Second),
	}
	if tls {
		pem, err := os.ReadFile(told.CAFile)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			t.Fatalf("%s: no certificate (%v)", told.CAFile, err)
		}
		options = append(options, client.WithBaseURL(told.EndpointTLS), client.WithRootCAs(pool))
	}
	if scheme == "bearer" {
		options = append(options, client.WithToken(told.Thalassa.Token))
	} else {
		options = append(options, client.WithAuthPersonalToken(told.Thalassa.Token))
	}
	made, err := thalassa.NewClient(append(options, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return made.KMS()
}

var serial atomic.Int64

// fresh is a key name that no other test uses.
func fresh(what string) string {
	return fmt.Sprintf("%s-%d", what, serial.Add(1))
}

// create makes a key that must come to be.
func (d door) create(t *testing.T, request kms.CreateKmsKeyRequest) *kms.KmsKey {
	t.Helper()
	if request.Name == "" {
		request.Name = fresh(string(request.KeyType))
	}
	key, err := d.client.CreateKey(context.Background(), d.region, request)
	must(t, err)
	return key
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
