"""Libraries that no one here wrote read .env files: what `paas config:export` writes, and what other tools write.

npm's dotenv, python-dotenv, godotenv, compose-go (Docker Compose's) and `sh`, each run for real, with nothing set up
and an empty environment; built once and kept outside the clone (`programs.py`). `test_misreadings.py` holds the rules
of `paas_cli.dotenv.misreadings` against them over `values.py`; `document.py` writes `docs/dotenv.md` from the same, and
`test_document.py` compares it.
"""
