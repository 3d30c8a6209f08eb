package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// How long an answer is waited for before asking again (RFC 9260, 16: RTO.Initial).
const askAgain = time.Second

var (
	errTimeout = errors.New("TIMEOUT")
	errRefused = errors.New("REFUSED")
)

// target is whom `connect` is to reach, if it is by SCTP.
type target struct {
	host  string
	port  uint16
	limit time.Duration
}

// parse reads what comes after `connect`; nothing where it is not about SCTP.
func parse(arguments []string) (*target, error) {
	flags := flag.NewFlagSet("connect", flag.ContinueOnError)
	limit := flags.Duration("timeout", 0, "")
	protocol := flags.String("protocol", "tcp", "")
	for _, unused := range []string{"udp-data", "sctp-data"} {
		flags.String(unused, "", "")
	}
	var words []string
	// Options may stand before and behind the address.
	for rest := arguments; ; rest = flags.Args()[1:] {
		if err := flags.Parse(rest); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		words = append(words, flags.Arg(0))
	}
	if *protocol != "sctp" || len(words) != 1 {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(words[0])
	if err != nil {
		return nil, fmt.Errorf("UNKNOWN: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("UNKNOWN: %w", err)
	}
	return &target{host, uint16(number), *limit}, nil
}

// connect opens an association and aborts it.
func connect(to target) error {
	address, err := net.ResolveIPAddr("ip", to.host)
	if err != nil {
		return fmt.Errorf("DNS: %w", err)
	}
	socket, err := open(address.IP.To4() == nil)
	if err != nil {
		return fmt.Errorf("OTHER: %w", err)
	}
	ask := packet{from: uint16(32768 + rand.IntN(28232)), to: to.port, kind: chunkInit, tag: rand.Uint32() | 1}
	for end := time.Now().Add(to.limit); time.Now().Before(end); {
		if err := socket.send(ask, address.IP); err != nil {
			return fmt.Errorf("OTHER: %w", err)
		}
		answer, err := socket.await(ask, address.IP, min(askAgain, time.Until(end)))
		switch {
		case err != nil:
			continue
		case answer.kind == chunkAbort:
			return errRefused
		}
		abort := packet{from: ask.from, to: ask.to, verification: answer.tag, kind: chunkAbort}
		return socket.send(abort, address.IP)
	}
	return errTimeout
}

// await returns what answers ask within the limit.
func (s socket) await(ask packet, peer net.IP, limit time.Duration) (packet, error) {
	for end := time.Now().Add(limit); time.Until(end) > 0; {
		heard, from, err := s.receive(max(time.Until(end), time.Millisecond))
		isAnswer := heard.from == ask.to && heard.to == ask.from && heard.verification == ask.tag
		if err == nil && isAnswer && from.Equal(peer) && heard.kind != chunkInit {
			return heard, nil
		}
	}
	return packet{}, errTimeout
}
