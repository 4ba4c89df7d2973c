// Reads config vars with Terraform's `http` provider, as a configuration says.
//
// It reads the configuration from standard input, and its variable from TF_VAR_paas_token. Expressions are HCL's, what the
// data source is and what it asks is the provider's own code, called as the plugin SDK calls it. It writes one line of
// JSON: the local value `config`, or an error.
//
// The provider is the newest that there is as a Go module, 1.2.0: releases from 2 on have a path that Go takes for 0 and
// 1 alone. It fails on any status but 200, where release 3 leaves that to the postcondition; so status_code and
// response_body are taken from the answer to the provider's own request.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type answer struct {
	Config json.RawMessage `json:"config,omitempty"`
	Error  string          `json:"error,omitempty"`
	Own    string          `json:"own,omitempty"`
}

func main() {
	source, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answerTo(source))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answerTo(source []byte) answer {
	recorder := &recorder{}
	http.DefaultTransport = recorder.around(http.DefaultTransport)
	config, err := evaluate(source, recorder)
	if err != nil {
		told := answer{Error: err.Error()}
		if recorder.refusal != nil {
			told.Own = recorder.refusal.Error()
		}
		return told
	}
	return answer{Config: config}
}

func evaluate(source []byte, recorder *recorder) (json.RawMessage, error) {
	file, diagnostics := hclsyntax.ParseConfig(source, "documented.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	blocks := map[string]*hclsyntax.Block{}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		blocks[block.Type] = block
	}
	data, locals := blocks["data"], blocks["locals"]
	if data == nil || locals == nil || blocks["variable"] == nil {
		return nil, errors.New("there has to be a variable, a data source and a local value")
	}
	context := &hcl.EvalContext{
		Functions: map[string]function.Function{"jsondecode": stdlib.JSONDecodeFunc},
		Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
			blocks["variable"].Labels[0]: cty.StringVal(os.Getenv("TF_VAR_" + blocks["variable"].Labels[0])),
		})},
	}
	read, err := readSource(data, context, recorder)
	if err != nil {
		return nil, err
	}
	context.Variables["data"] = cty.ObjectVal(map[string]cty.Value{
		data.Labels[0]: cty.ObjectVal(map[string]cty.Value{data.Labels[1]: read}),
	})
	config, diagnostics := locals.Body.Attributes["config"].Expr.Value(context)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return ctyjson.Marshal(config, config.Type())
}

// Postconditions hold, or the first that doesn't is the error.
func hold(block *hclsyntax.Block, context *hcl.EvalContext, self cty.Value) error {
	inside := context.NewChild()
	inside.Variables = map[string]cty.Value{"self": self}
	for _, lifecycle := range block.Body.Blocks {
		for _, condition := range lifecycle.Body.Blocks {
			if condition.Type != "postcondition" {
				return fmt.Errorf("a block %q is none of a lifecycle here", condition.Type)
			}
			held, diagnostics := condition.Body.Attributes["condition"].Expr.Value(inside)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			if held.True() {
				continue
			}
			message, diagnostics := condition.Body.Attributes["error_message"].Expr.Value(inside)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			return errors.New(message.AsString())
		}
	}
	return nil
}
