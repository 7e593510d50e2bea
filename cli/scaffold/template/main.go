// A lock service: servers that serve it, a model of them, and the whole command for both. Run it with help.
package main

import "synod/cli"

func main() { cli.Main(lock) }
