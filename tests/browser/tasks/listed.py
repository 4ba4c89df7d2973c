"""The twenty tasks. What others take is counted from their documentation, never guessed."""

from typing import Final

from tests.browser.tasks.task import Other, Task

_APP: Final = "apps/{app}"
_RAILWAY: Final = "https://docs.railway.com"
_GITHUB: Final = "https://docs.github.com/en"
_DOPPLER: Final = "https://docs.doppler.com/docs"
_RAW: Final = "use the `RAW Editor` to paste the contents of your `.env` or json-formatted file"
_TOKENS: Final = f"{_GITHUB}/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"
_GITHUB_LOG: Final = f"{_GITHUB}/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization"  # noqa: E501  # an address

_VARIABLES: Final = (
    Task(
        key="paste",
        words="A `.env` of 100 lines becomes one release",
        at="the app's variables",
        page=_APP,
        ours=2,
        how="paste, *Save and release*",
        best=Other(
            product="Railway",
            actions=3,
            at_least=True,
            how="*RAW Editor*, paste, *Deploy*; what takes the text over from the editor is not documented",
            sentence=f"{_RAW}”, and “results in a set of staged changes that you must review and deploy",
            source=f"{_RAILWAY}/variables",
        ),
    ),
    Task(
        key="change",
        words="Change one value, and release it",
        at="the app's variables",
        page=_APP,
        ours=3,
        how="type `NAME=value`, Ctrl-Enter, *Save and release*",
        best=Other(
            product="Railway",
            actions=4,
            at_least=True,
            how="menu, *Edit*, the value, *Deploy*",
            sentence="can be updated by clicking the edit option in the 3-dot menu just like normal variables",
            source=f"{_RAILWAY}/variables",
        ),
    ),
    Task(
        key="copy",
        words="Copy a config var's value",
        at="the app's variables",
        page=_APP,
        ours=1,
        how="*Copy*",
        note="no documentation that we read says how",
    ),
    Task(
        key="copy a secret",
        words="Copy a secret's value without showing it",
        at="the app's variables",
        page=_APP,
        ours=1,
        how="*Copy*; it is in the audit log before it is in the clipboard",
        note="no documentation that we read says how; of Vercel's secrets and Railway's sealed variables nobody can",
    ),
    Task(
        key="reveal",
        words="Look at a secret's value",
        at="the app's variables",
        page=_APP,
        ours=3,
        how="*Reveal*, why, Enter; the reason stays in the field for the next one",
        best=Other(
            product="Doppler",
            actions=1,
            how="its field",
            sentence="An intent is performed by clicking the secret's value input",
            source=f"{_DOPPLER}/access-logs",
        ),
    ),
    Task(
        key="who read",
        words="Who read this secret?",
        at="the app's variables",
        page=_APP,
        ours=1,
        how="its name",
        best=Other(
            product="Doppler",
            actions=1,
            how="the icon in its row",
            sentence="you can view the access log by clicking the Access Log icon in the secret row",
            source=f"{_DOPPLER}/access-logs",
        ),
    ),
    Task(
        key="compare",
        words="Compare with another app, take one row over, and release it",
        at="the app's variables",
        page=_APP,
        ours=4,
        how="*Compare*, the other app, *Take over*, *Save and release*",
        best=Other(
            product="Doppler",
            actions=4,
            at_least=True,
            how="menu, *Import from Other Config*, the config, save; what is not wanted is taken out by hand besides",
            sentence="You can import secrets from another Doppler config by choosing the Import from Other Config "
            "option",
            source=f"{_DOPPLER}/secrets",
        ),
    ),
)

_RELEASES: Final = (
    Task(
        key="roll back",
        words="Undo by going back, after a look at what that changes",
        at="the app's variables",
        page=_APP,
        ours=3,
        how="*Releases*, *Roll back*, *Roll back to v…*",
        best=Other(
            product="Doppler",
            actions=3,
            how="*Logs*, *Rollback Changes*, confirm",
            sentence="After clicking the Rollback Changes button, a confirmation modal will appear",
            source=f"{_DOPPLER}/versioning",
        ),
    ),
    Task(
        key="why failed",
        words="Why did this release fail? Its log",
        at="the app's releases",
        page=f"{_APP}/releases",
        ours=1,
        how="the release",
        best=Other(
            product="Railway",
            actions=1,
            how="the deployment",
            sentence="Logs for a specific deployment can be viewed by clicking on the deployment in the service window",
            source=f"{_RAILWAY}/observability/logs",
        ),
    ),
    Task(
        key="stage",
        words="Stage several changes, look at all that is staged, release it together",
        at="the app's variables",
        page=_APP,
        ours=3,
        how="paste, *Stage for later*, *Release all*",
        best=Other(
            product="Railway",
            actions=4,
            at_least=True,
            how="*RAW Editor*, paste, *Details*, *Deploy*",
            sentence="To review the staged changes, click the “Details” button in the banner … Clicking “Deploy” will "
            "deploy all of the changes at once",
            source=f"{_RAILWAY}/deployments/staged-changes",
        ),
    ),
)

_ACCESS: Final = (
    Task(
        key="ci token",
        words="A token for CI, for one app and 90 days, in the clipboard",
        at="the tokens",
        page="account/tokens",
        ours=7,
        how="*New token*, its name, *In these apps alone*, the app, 90 days, *Make the token*, *Copy*",
        best=Other(
            product="GitHub",
            actions=8,
            at_least=True,
            how="*Generate new token*, name, expiration, *Only select repositories*, the repository, a permission, "
            "*Generate token*, copy",
            sentence="Under Permissions, select which permissions to grant the token",
            source=_TOKENS,
        ),
    ),
    Task(
        key="rotate a token",
        words="A new text for a token, in the clipboard; the former works for another day",
        at="the tokens",
        page="account/tokens",
        ours=3,
        how="the token, *Rotate*, *Copy*",
        note="Stripe's documentation says that keys are rotated on their page; the steps were not to be had",
    ),
    Task(
        key="revoke",
        words="Revoke a token",
        at="the tokens",
        page="account/tokens",
        ours=2,
        how="the token, with what ends with it; *Revoke*",
        best=Other(
            product="GitHub",
            actions=1,
            at_least=True,
            how="*Delete* in its row; whether it asks before that is not documented",
            sentence="To the right of the personal access token you want to delete, click Delete",
            source=_TOKENS,
        ),
    ),
    Task(
        key="trust",
        words="Trust a CI system's jobs, and test that with a job's token, claim by claim",
        at="the CI trusts",
        page="account/trusts",
        ours=6,
        how="*New trust*, its name, whose jobs, *Make the trust*, the job's token, *Test it*",
        note="no documentation that we read has a test of a job's token",
    ),
    Task(
        key="rotate a secret",
        words="A new random value for a secret, the former one there for a day besides",
        at="the app's variables",
        page=_APP,
        ours=3,
        how="its name, how long, *Rotate and release*",
        note="Vercel's documentation says that variables can be rotated without downtime; the steps were not to be had",
    ),
    Task(
        key="sign out",
        words="Sign out everywhere",
        at="anywhere",
        page="",
        ours=2,
        how="one's name, *Sign out everywhere*",
        best=Other(
            product="GitHub",
            actions=4,
            at_least=True,
            how="the picture, *Settings*, *Sessions*, *Revoke session*, and that for each other session",
            sentence="To revoke a web session, click …",
            source=f"{_GITHUB}/authentication/keeping-your-account-and-data-secure/viewing-and-managing-your-sessions",
        ),
    ),
)

_LOG: Final = (
    Task(
        key="who changed",
        words="Who changed this variable, and when?",
        at="the audit log",
        page="account/audit",
        ours=2,
        how="its name, Enter",
        best=Other(
            product="GitHub",
            actions=2,
            how="a query, Enter",
            sentence="To search for specific events, use the `action` qualifier in your query",
            source=_GITHUB_LOG,
        ),
    ),
    Task(
        key="proof",
        words="A file that proves that an event is in the log",
        at="the audit log",
        page="account/audit?app={app}&action=config.set",
        ours=2,
        how="the event, *Download its proof*",
        note="no documentation that we read has one",
    ),
    Task(
        key="export",
        words="The log as a file",
        at="the audit log",
        page="account/audit",
        ours=1,
        how="*Export as JSON Lines*",
        best=Other(
            product="GitHub",
            actions=2,
            how="*Export*, the format",
            sentence="You can export the log as JSON data or a comma-separated value (CSV) file",
            source=_GITHUB_LOG,
        ),
    ),
    Task(
        key="incident",
        words="What did a leaked token read, what could it have read, what is left to do?",
        at="the tokens",
        page="account/tokens",
        ours=2,
        how="the token, *See what it read*",
        note="no documentation that we read has a page that says so",
    ),
)

TASKS: Final = {task.key: task for task in (*_VARIABLES, *_RELEASES, *_ACCESS, *_LOG)}
