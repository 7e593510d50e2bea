package record

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build returns the version of this program, for headers.
func Build() string {
	text := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		text = info.Main.Path + " " + info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" || setting.Key == "vcs.modified" && setting.Value == "true" {
				text += " " + setting.Value
			}
		}
	}
	return fmt.Sprintf("%s %s %s/%s", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
