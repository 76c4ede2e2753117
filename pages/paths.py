"""Addresses of pages that others lead to."""

VAR_PATH = "/var"
#: Where all models stand with what every test says of them.
HEALTH_PATH = "/models"
#: How full each limit is.
LIMITS_PATH = "/limits"
#: What agents asked, and what became of it.
ORDERS_PATH = "/orders"
#: What stops trading by itself, and what it did.
BREAKERS_PATH = "/breakers"
#: What waits for a second person, and what was decided.
CHANGES_PATH = "/changes"
#: Where somebody says what shall be different.
EDIT_PATH = "/changes/edit"
#: What was kept for ever, as a story.
JOURNAL_PATH = "/journal"

#: Where one signs in and out, proves again who one is, and enters a demonstration as somebody.
LOGIN_PATH = "/login"
LOGOUT_PATH = "/logout"
#: Where one goes to a provider, who vouches for one.
SIGN_ON_PATH = f"{LOGIN_PATH}/sso"
PROVE_PATH = "/prove"
ENTER_PATH = "/enter"
#: One's own login.
ACCOUNT_PATH = "/account"
#: Everybody's logins, for admins.
PEOPLE_PATH = "/people"
#: Officers whose power waits for another one's word.
VOUCHING_PATH = "/vouching"
