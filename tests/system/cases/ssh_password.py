"""ssh with a password, then a code."""

from harness import ssh
from harness.report import case, require
from harness.ssh import CODE

PASSWORD = "Password: "


def prepare(product, _report):
    """The password is the first factor, the code the second; both by keyboard-interactive."""
    product.install()
    product.ask_in_sshd("password")


@case("ssh: password and then code get a shell, in this order")
def in_order(product, report):
    person = product.people.make("alice")
    outcome = ssh.login(
        product.machine, person, (PASSWORD, person.password), (CODE, person.codes.fresh()), key=False
    )
    ssh.require_in(person, outcome)
    said = outcome[1]
    require(said.index("assword") < said.index(CODE), f"the order is wrong:\n{said}")
    report.save("ssh-password-and-code.txt", said)


@case("ssh: password and code get a shell without a terminal (SSH_ASKPASS)")
def askpass(product, _report):
    person = product.people.make("bob")
    ssh.require_in(
        person, ssh.by_askpass(product.machine, person, person.password, person.codes.fresh(), key=False)
    )


@case("ssh: a right password and a wrong code are refused")
def wrong_code(product, _report):
    person = product.people.make("wrongcode")
    place = product.machine.cursor()
    refused(product, person, person.password, person.codes.wrong())
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["rejected"], str(records))


@case("ssh: a wrong password is refused whatever the code")
def wrong_password(product, _report):
    person = product.people.make("wrongword")
    refused(product, person, "not-" + person.password, person.codes.fresh())


@case("ssh: the password typed again in the code's place gets nobody in and costs no guess")
def password_as_code(product, _report):
    person = product.people.make("muddled")
    place = product.machine.cursor()
    refused(product, person, person.password, person.password)
    for record in product.machine.records(place):
        require(record["COUNTERSIGN_OUTCOME"] != "accepted", str(record))
        require(record.get("COUNTERSIGN_WRONG", "0") == "0", f"counted as a guess: {record}")


@case("ssh: the key alone gets nobody in when it is not asked for")
def key_alone(product, _report):
    person = product.people.make("keyed")
    dialogue = ssh.on_terminal(product.machine, person, key=True)
    dialogue.expect(PASSWORD)


def refused(product, person, password, code):
    """Give the password, then the code to every further prompt, until sshd refuses."""
    dialogue = ssh.on_terminal(product.machine, person, key=False)
    dialogue.answer(PASSWORD, password)
    while True:
        said = dialogue.expect(r"(One-time code|This code|And the next one|Password): |Permission denied")
        if said.endswith("denied"):
            status, _ = dialogue.ends()
            require(status == 255, f"status {status}")
            return
        dialogue.type(code)
