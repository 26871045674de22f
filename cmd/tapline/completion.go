package main

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"
)

func newCompletion(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "A script that completes commands in your shell",
		Example:   "  tapline completion bash > ~/.local/share/bash-completion/completions/tapline",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
	}
	cmd.RunE = a.does(func(_ context.Context, args []string) (view, error) {
		var buf bytes.Buffer
		var err error
		switch root := cmd.Root(); args[0] {
		case "bash":
			err = root.GenBashCompletionV2(&buf, true)
		case "zsh":
			err = root.GenZshCompletion(&buf)
		case "fish":
			err = root.GenFishCompletion(&buf, true)
		case "powershell":
			err = root.GenPowerShellCompletionWithDesc(&buf)
		}
		return text(buf.String()), err
	})
	return cmd
}
