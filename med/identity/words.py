"""What a browser says it is, in words its owner knows it by."""

from med.language import T

# In this order: Edge and Opera also say Chrome, and Chrome also says Safari.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def device(user_agent: str) -> T | str:
    """ "Firefox på Windows": so that people see which of their sign-ins is the one they do not know."""
    browser = next((word for mark, word in BROWSERS.items() if mark in user_agent), "")
    system = next((word for mark, word in SYSTEMS.items() if mark in user_agent), "")
    if browser and system:
        return T("%(browser)s på %(system)s", browser=browser, system=system)
    return browser or system or T("Ukendt enhed")


# How somebody showed who they were.
WAYS = {
    "persona": T("valgt i demoen"),
    "account": T("med adgangskode"),
    "provider": T("med kommunens fælles pålogning"),
}
