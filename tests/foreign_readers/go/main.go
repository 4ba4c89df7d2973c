// Program readers has libraries of others read .env files as a program with an empty environment would: godotenv, and
// compose-go for Docker Compose. It takes texts as a JSON array and answers with what each library makes of each text:
// an object of values, or null where it is refused.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	compose "github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/joho/godotenv"
	"github.com/sirupsen/logrus"
)

type values = map[string]string

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	nothing := func(string) (string, bool) { return "", false }
	readers := map[string]func(string) (values, error){
		"godotenv": func(text string) (values, error) { return godotenv.Parse(strings.NewReader(text)) },
		"Docker Compose": func(text string) (values, error) {
			return compose.ParseWithLookup(strings.NewReader(text), nothing)
		},
	}
	answers := map[string][]values{}
	for name, read := range readers {
		for _, text := range texts {
			found, err := read(text)
			if err != nil {
				found = nil
			}
			answers[name] = append(answers[name], found)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
