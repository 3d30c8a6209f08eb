package main

import (
	"testing"
	"time"
)

func TestOnlySCTPIsOurs(t *testing.T) {
	for _, others := range [][]string{{"10.0.0.1:80"}, {"--protocol=udp", "10.0.0.1:80"}, {"--protocol", "tcp", "a:1"}} {
		if to, err := parse(others); to != nil || err != nil {
			t.Errorf("%v is %v, %v", others, to, err)
		}
	}
}

func TestOptionsStandBeforeAndBehind(t *testing.T) {
	wanted := target{host: "fd00::1", port: 9003, limit: 3 * time.Second}
	for _, written := range [][]string{
		{"--timeout=3s", "--protocol=sctp", "[fd00::1]:9003"},
		{"[fd00::1]:9003", "--timeout", "3s", "--protocol", "sctp"},
	} {
		if to, err := parse(written); err != nil || to == nil || *to != wanted {
			t.Errorf("%v is %v, %v", written, to, err)
		}
	}
}

func TestAListenerIsReachedAndAnotherPortIsSilent(t *testing.T) {
	for host, isV6 := range map[string]bool{"127.0.0.1": false, "::1": true} {
		listener, err := open(isV6)
		if err != nil {
			t.Fatalf("raw sockets need root: %v", err)
		}
		go listener.answer(map[uint16]bool{9003: true})
		if err := connect(target{host, 9003, 5 * time.Second}); err != nil {
			t.Errorf("%s 9003: %v", host, err)
		}
		if err := connect(target{host, 9004, 200 * time.Millisecond}); err != errTimeout {
			t.Errorf("%s 9004: %v", host, err)
		}
	}
}
