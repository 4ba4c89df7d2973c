"""What looks like a credential: one made-up value for each form of each provider, passwords in URLs, names; and 60
values and names that look like it and are harmless.

The values are put together here from a prefix and letters that are no one's, so that no scanner and no provider takes
this file for a leak. Leaves out what follows from it: warnings, masks, and what an import seals.
"""

import pytest

from paas_cli.typed.credentials import looks_like_one, masked
from paas_cli.typed.providers import FORMS

WORD = "Ab3" * 40
HEX = "0a1b" * 40
CAPITALS = "Z9Q" * 40
UUID = f"{HEX[:8]}-{HEX[:4]}-{HEX[:4]}-{HEX[:4]}-{HEX[:12]}"

MADE_UP: dict[str, list[str]] = {
    "1Password": ["ops_" + "eyJ" + WORD],
    "Adafruit IO": ["aio_" + WORD[:28]],
    "age": ["AGE-SECRET-" + "KEY-1" + CAPITALS[:58]],
    "Airtable": ["pat" + WORD[:14] + "." + HEX[:64]],
    "Alibaba Cloud": ["LTAI" + WORD[:20]],
    "Anthropic": ["sk-" + "ant-api03-" + WORD],
    "Artifactory": ["AKCp" + WORD[:69]],
    "Atlassian": ["ATATT" + "3xFf" + WORD, "ATCTT" + "3xFf" + WORD],
    "AWS": ["AKIA" + CAPITALS[:16], "ASIA" + CAPITALS[:16]],
    "Brevo": ["xkeysib-" + HEX[:64] + "-" + WORD[:16]],
    "Buildkite": ["bkua_" + HEX[:40]],
    "CircleCI": ["CCIPAT_" + WORD[:22] + "_" + HEX[:40]],
    "Contentful": ["CFPAT-" + WORD[:43]],
    "Databricks": ["dapi" + HEX[:32]],
    "DigitalOcean": ["dop_v1_" + HEX[:64], "doo_v1_" + HEX[:64], "dor_v1_" + HEX[:64]],
    "Discord": ["M" + WORD[:23] + "." + WORD[:6] + "." + WORD[:27]],
    "Docker": ["dckr_" + "pat_" + WORD[:27], "dckr_" + "oat_" + WORD[:32]],
    "Doppler": ["dp." + "pt." + WORD[:43], "dp." + "st.dev." + WORD[:43]],
    "Duffel": ["duffel_" + "live_" + WORD[:43]],
    "Dynatrace": ["dt0c01." + CAPITALS[:24] + "." + CAPITALS[:64]],
    "EasyPost": ["EZAK" + WORD[:54], "EZTK" + WORD[:54]],
    "Figma": ["figd_" + WORD[:40]],
    "Flutterwave": ["FLWSECK" + "_TEST-" + HEX[:32] + "-X"],
    "Fly.io": ["FlyV1 " + "fm2_" + WORD, "fo1_" + WORD],
    "GitHub": ["ghp_" + WORD[:36], "gho_" + WORD[:36], "ghs_" + WORD[:36], "github_" + "pat_" + WORD[:82]],
    "GitLab": ["glpat-" + WORD[:20], "gldt-" + WORD[:20], "glrt-" + WORD[:20], "glptt-" + HEX[:40]],
    "Google": ["AIza" + WORD[:35], "GOCSPX-" + WORD[:28], "ya29." + WORD],
    "Grafana": ["glc_" + WORD, "glsa_" + WORD[:32] + "_" + HEX[:8]],
    "Groq": ["gsk_" + WORD[:52]],
    "HashiCorp": ["hvs." + WORD[:90], "hvb." + WORD[:90], WORD[:14] + ".atlasv1." + WORD[:60]],
    "Heroku": ["HRKU-" + "AA" + WORD[:58]],
    "Hugging Face": ["hf_" + WORD[:34], "api_org_" + WORD[:34]],
    "LaunchDarkly": ["sdk-" + UUID, "api-" + UUID],
    "Linear": ["lin_" + "api_" + WORD[:40]],
    "Mailchimp": [HEX[:32] + "-us12"],
    "Mailgun": ["key-" + HEX[:32]],
    "Mapbox": ["sk." + "eyJ" + WORD[:60] + "." + WORD[:22]],
    "Netlify": ["nfp_" + WORD[:36]],
    "New Relic": ["NRAK-" + CAPITALS[:27], "NRII-" + WORD[:32]],
    "Notion": ["secret_" + WORD[:43], "ntn_" + WORD[:46]],
    "npm": ["npm_" + WORD[:36]],
    "OpenAI": ["sk-" + "proj-" + WORD, "sk-" + WORD[:48]],
    "Perplexity": ["pplx-" + WORD[:48]],
    "PlanetScale": ["pscale_" + "tkn_" + WORD[:43], "pscale_" + "pw_" + WORD[:43]],
    "Postman": ["PMAK-" + HEX[:24] + "-" + HEX[:34]],
    "Prefect": ["pnu_" + WORD[:36]],
    "Pulumi": ["pul-" + HEX[:40]],
    "PyPI": ["pypi-" + WORD],
    "ReadMe": ["rdme_" + HEX[:70]],
    "Replicate": ["r8_" + WORD[:37]],
    "Resend": ["re_" + WORD[:8] + "_" + WORD[:24]],
    "RubyGems": ["rubygems_" + HEX[:48]],
    "SendGrid": ["SG." + WORD[:22] + "." + WORD[:43]],
    "Sentry": ["sntrys_" + WORD, "sntryu_" + HEX[:64]],
    "Shippo": ["shippo_" + "live_" + HEX[:40]],
    "Shopify": ["shpat_" + HEX[:32], "shpss_" + HEX[:32]],
    "Slack": ["xoxb-" + "1" * 12 + "-" + WORD[:24], "xapp-1-" + WORD, "hooks.slack.com/services/T0A/B0A/" + WORD[:24]],
    "Square": ["sq0csp-" + WORD[:43], "sq0atp-" + WORD[:22]],
    "Stripe": ["sk_" + "live_" + WORD[:24], "rk_" + "test_" + WORD[:24], "whsec_" + WORD[:32]],
    "Supabase": ["sbp_" + HEX[:40], "sb_" + "secret_" + WORD[:31]],
    "Tailscale": ["tskey-" + "auth-" + WORD[:12] + "-" + WORD[:32]],
    "Telegram": ["1234567890:" + "AA" + WORD[:33]],
    "Twilio": ["SK" + HEX[:32]],
    "Typeform": ["tfp_" + WORD[:44]],
    "this platform": ["paas_" + "pat_" + WORD[:36]],
}  # fmt: skip

OTHERS = [
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMII",
    "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\n",
    "eyJ" + WORD[:20] + "." + "eyJ" + WORD[:20] + "." + WORD[:20],
    "https://user:pw@example.com/x",
    "postgres://app:p%40ss@db.example.com:5432/app",
    "mongodb+srv://app:pw@cluster.example.com",
    "redis://:pw@redis.example.com:6379/0",
    "amqp://guest:guest@localhost",
]

NAMES = [
    "API_KEY", "apiKey", "STRIPE_SECRET", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "SMTP_PASS",
    "DBPASSWD", "SECRET_KEY_BASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "APIKEY", "ACCESSTOKEN",
    "GOOGLE_CREDENTIALS",
    "SSH_PASSPHRASE", "JWT_SIGNING_KEY", "APP_KEY", "CREDS_IV", "API_KEYS", "tls-key", "TOKEN",
]  # fmt: skip

HARMLESS = [
    ("KEYBOARD", "us"), ("KEYBOARD_LAYOUT", "de"), ("MONKEY", "1"), ("TURKEY_REGION", "eu"), ("HOCKEY", "ice"),
    ("TOKENIZERS_PARALLELISM", "false"), ("TOKENIZER", "bert"), ("KEY_PREFIX", "user:"), ("REDIS_KEY_PREFIX", "app:"),
    ("TOKEN_TTL", "15m"), ("ACCESS_TOKEN_EXPIRY", "3600"), ("MAX_TOKENS", "4096"), ("OPENAI_MAX_TOKENS", "4096"),
    ("TOKEN_LIMIT", "8000"), ("PASSWORD_MIN_LENGTH", "12"), ("PASSWORD_POLICY", "strict"), ("REQUIRE_PASSWORD", "true"),
    ("SECRET_SANTA_NAME", "bob"), ("SECRETARY", "ada"), ("KEYCLOAK_URL", "https://id.example.com"),
    ("KEYSPACE", "app"), ("KEYSTORE_PATH", "/etc/keystore.jks"), ("SSL_KEY_FILE", "/etc/tls/key.pem"),
    ("SECRET_NAME", "app-tls"), ("TOKEN_URL", "https://id.example.com/token"), ("TOKEN_ENDPOINT", "/token"),
    ("TOKEN_ISSUER", "https://id.example.com"), ("JWT_ALGORITHM", "RS256"), ("API_KEY_HEADER", "X-Api-Key"),
    ("CSRF_TOKEN_NAME", "csrf"), ("CACHE_KEY", "v2"), ("PARTITION_KEY", "tenant"), ("SORT_KEY", "created"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_abc"), ("VAPID_PUBLIC_KEY", "BNc"), ("RECAPTCHA_SITE_KEY", "6Lc"),
    ("PWD", "/app"), ("OLDPWD", "/"), ("COMPASS", "north"), ("BYPASS", "1"), ("PASSENGER_APP_ENV", "production"),
    ("USE_TOKENS", "yes"), ("ENABLE_TOKEN", "off"), ("REDIS_PASSWORD", "null"), ("CREDENTIALS_REQUIRED", "true"),
    ("API_BASE_URL", "https://api.example.com"), ("SENTRY_DSN", "https://0123456789abcdef@o1.example.com/42"),
    ("URL", "https://example.com:8443/a@b"), ("MAIL", "mailto:ada@example.com"), ("GIT", "git@example.com:a/b.git"),
    ("DATABASE", "postgres://app:${DB_PASSWORD}@db.example.com/app"), ("DATABASE", "postgres://app:<password>@db/app"),
    ("IMAGE", "sk-learn:1.4"), ("PACKAGE", "npm_config_registry"), ("BUCKET", "pypi-mirror"),
    ("BRANCH", "xoxo-release"), ("MODEL", "hf_model"), ("AUTHOR", "x"),
    ("ACCOUNT", "AC" + "0a1b" * 8), ("COMMIT", "0a1b" * 10), ("DIGEST", "sha256:" + "0a1b" * 16), ("ID", UUID),
    ("CERTIFICATE", "-----BEGIN CERTIFICATE-----\nMII"), ("PUBLIC", "-----BEGIN PUBLIC KEY-----\nMII"),
]  # fmt: skip


def test_each_provider_has_its_values() -> None:
    assert set(MADE_UP) == set(FORMS)
    assert len(FORMS) >= 40


@pytest.mark.parametrize("provider", FORMS)
def test_a_value_of_a_provider_is_noticed_wherever_it_stands(provider: str) -> None:
    for value in MADE_UP[provider]:
        for text in (value, f"Bearer {value}", f'{{"auth":"{value}"}}', f"{value}\n"):
            assert looks_like_one("PLAIN", text), text[:12]
            assert value not in masked(text)
        assert not looks_like_one("PLAIN", value[: len(value) // 8]), "a prefix alone is no credential"


@pytest.mark.parametrize("value", OTHERS, ids=range(len(OTHERS)))
def test_keys_web_tokens_and_passwords_in_urls_are_noticed(value: str) -> None:
    assert looks_like_one("PLAIN", value)
    assert value not in masked(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_so(name: str) -> None:
    assert looks_like_one(name, "anything")
    assert not looks_like_one(name, "")


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_what_only_looks_like_it_is_left_alone(name: str, value: str) -> None:
    assert not looks_like_one(name, value)


def test_there_are_60_harmless_ones() -> None:
    assert len(set(HARMLESS)) >= 60
