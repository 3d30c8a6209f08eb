package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

const (
	anyPrefix  = "SERVE_"
	sctpPrefix = "SERVE_SCTP_PORT_"
	// Nobody looks at it again: the client aborts what was opened.
	listenerTag = 0x52494e47
)

// split tells apart what upstream's program serves and the ports that are served here.
func split(environment []string) (others []string, ports map[uint16]bool, err error) {
	ports = map[uint16]bool{}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		port, isSCTP := strings.CutPrefix(name, sctpPrefix)
		if !isSCTP {
			others = append(others, variable)
			continue
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, nil, fmt.Errorf("%s names no port", name)
		}
		ports[uint16(number)] = true
	}
	return others, ports, nil
}

// porter answers on its ports and lets upstream's program serve the others.
func porter(arguments []string, others []string, ports map[uint16]bool) error {
	for _, isV6 := range []bool{false, true} {
		socket, err := open(isV6)
		if err != nil {
			return err
		}
		go socket.answer(ports)
	}
	if !strings.Contains("\n"+strings.Join(others, "\n"), "\n"+anyPrefix) {
		select {}
	}
	rest := exec.Command(upstream, arguments...)
	rest.Env, rest.Stdout, rest.Stderr = others, os.Stdout, os.Stderr
	return rest.Run()
}

// answer accepts whoever asks for one of the ports. Another container of the pod may serve the other ones, so it is not for
// this one to refuse them.
func (s socket) answer(ports map[uint16]bool) {
	for {
		asked, from, err := s.receive(0)
		if err != nil || asked.kind != chunkInit || !ports[asked.to] {
			continue
		}
		answer := packet{from: asked.to, to: asked.from, verification: asked.tag, kind: chunkInitAck, tag: listenerTag}
		if err := s.send(answer, from); err != nil {
			log.Printf("cannot answer %s: %v", from, err)
		}
	}
}
