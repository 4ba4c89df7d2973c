package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-sdk/terraform"
	provider "github.com/terraform-providers/terraform-provider-http/http"
	"github.com/zclconf/go-cty/cty"
)

// What the provider's request was answered, and what the provider itself said of that.
type recorder struct {
	status  int
	body    []byte
	refusal error
}

type transport func(*http.Request) (*http.Response, error)

func (send transport) RoundTrip(request *http.Request) (*http.Response, error) { return send(request) }

func (recorder *recorder) around(inner http.RoundTripper) http.RoundTripper {
	return transport(func(request *http.Request) (*http.Response, error) {
		response, err := inner.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		recorder.status = response.StatusCode
		if recorder.body, err = io.ReadAll(response.Body); err != nil {
			return nil, err
		}
		response.Body = io.NopCloser(bytes.NewReader(recorder.body))
		return response, nil
	})
}

func readSource(block *hclsyntax.Block, context *hcl.EvalContext, recorder *recorder) (cty.Value, error) {
	arguments := map[string]interface{}{}
	for name, attribute := range block.Body.Attributes {
		value, diagnostics := attribute.Expr.Value(context)
		if diagnostics.HasErrors() {
			return cty.NilVal, diagnostics
		}
		arguments[name] = plain(value)
	}
	body, err := ask(block.Labels[0], arguments)
	recorder.refusal = err
	if recorder.status == 0 {
		return cty.NilVal, err
	}
	if err == nil && body != string(recorder.body) {
		return cty.NilVal, fmt.Errorf("the provider's body is not what came")
	}
	self := cty.ObjectVal(map[string]cty.Value{
		"status_code":   cty.NumberIntVal(int64(recorder.status)),
		"response_body": cty.StringVal(string(recorder.body)),
	})
	if err := hold(block, context, self); err != nil {
		return cty.NilVal, err
	}
	return self, err
}

// The body, as the provider has it.
func ask(kind string, arguments map[string]interface{}) (string, error) {
	http, config := provider.Provider(), terraform.NewResourceConfigRaw(arguments)
	if _, failures := http.ValidateDataSource(kind, config); len(failures) > 0 {
		return "", failures[0]
	}
	info := &terraform.InstanceInfo{Type: kind}
	diff, err := http.ReadDataDiff(info, config)
	if err != nil {
		return "", err
	}
	state, err := http.ReadDataApply(info, diff)
	if err != nil {
		return "", err
	}
	return state.Attributes["body"], nil
}

// A text, or texts by name: there is nothing else among the arguments.
func plain(value cty.Value) interface{} {
	if value.Type() == cty.String {
		return value.AsString()
	}
	named := map[string]interface{}{}
	for name, each := range value.AsValueMap() {
		named[name] = plain(each)
	}
	return named
}
