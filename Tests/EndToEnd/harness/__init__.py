"""What the end-to-end tests are made of: the server as a process, its REST interface, an upstream that does what it is
told, the real clients, and raw sockets."""
