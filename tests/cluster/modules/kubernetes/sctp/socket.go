package main

import (
	"net"
	"syscall"
	"time"
)

const protocolSCTP = 132

// socket is a raw socket of one family: it hears all SCTP that reaches the pod.
type socket struct {
	descriptor int
	isV6       bool
}

func open(isV6 bool) (socket, error) {
	family := syscall.AF_INET
	if isV6 {
		family = syscall.AF_INET6
	}
	descriptor, err := syscall.Socket(family, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, protocolSCTP)
	return socket{descriptor, isV6}, err
}

func (s socket) send(p packet, to net.IP) error {
	return syscall.Sendto(s.descriptor, p.encode(), 0, s.address(to))
}

func (s socket) address(ip net.IP) syscall.Sockaddr {
	if s.isV6 {
		address := &syscall.SockaddrInet6{}
		copy(address.Addr[:], ip.To16())
		return address
	}
	address := &syscall.SockaddrInet4{}
	copy(address.Addr[:], ip.To4())
	return address
}

// receive waits for the next packet that can be read, and tells whom it is from; with a limit it may give up.
func (s socket) receive(limit time.Duration) (packet, net.IP, error) {
	wait := syscall.NsecToTimeval(limit.Nanoseconds())
	if err := syscall.SetsockoptTimeval(s.descriptor, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait); err != nil {
		return packet{}, nil, err
	}
	buffer := make([]byte, 2048)
	length, from, err := syscall.Recvfrom(s.descriptor, buffer, 0)
	if err != nil {
		return packet{}, nil, err
	}
	read, err := decode(s.payload(buffer[:length]))
	switch from := from.(type) {
	case *syscall.SockaddrInet4:
		return read, from.Addr[:], err
	case *syscall.SockaddrInet6:
		return read, from.Addr[:], err
	}
	return packet{}, nil, errNotOurs
}

// payload leaves out the IPv4 header, which a raw socket of that family hands out too.
func (s socket) payload(bytes []byte) []byte {
	if s.isV6 || len(bytes) == 0 {
		return bytes
	}
	header := int(bytes[0]&0x0f) * 4
	return bytes[min(header, len(bytes)):]
}
