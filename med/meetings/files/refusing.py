"""Why a file is not taken, in words that say what to do."""

from med.language import T, Text

NOT_ALLOWED = T("Filtypen kan ikke bruges. Brug PDF, Word, Excel, PowerPoint, OpenDocument, PNG, JPEG, TXT eller CSV.")
NOT_WHAT_IT_SAYS = T("Filens indhold passer ikke til dens navn. Gem den igen i det rigtige format.")
HAS_MACROS = T("Filen indeholder makroer. Gem den uden makroer, eller som PDF.")
TOO_LARGE = T("Filen er for stor. Der er en grænse på 25 MB.")
UNPACKS_TOO_LARGE = T("Filen fylder for meget, når den pakkes ud.")
EMPTY = T("Filen er tom.")
LOCKED = T("Filen er beskyttet med en adgangskode. Gem den uden.")
DOES_THINGS = T("Filen kan gøre noget af sig selv, når den åbnes. Gem den uden, eller som en ny PDF.")
HAS_FILES_INSIDE = T("Der ligger andre filer inde i filen. Læg dem på hver for sig.")
FETCHES = T("Filen henter indhold fra en anden adresse, når den åbnes. Sæt indholdet ind i den, eller gem den som PDF.")
TOO_MANY_PIXELS = T("Billedet er for stort. Gem det i en mindre størrelse.")
INFECTED = T("Virusscanneren fandt noget i filen. Den er ikke gemt.")
NOT_SCANNED = T("Filen kan ikke modtages lige nu, for virusscanneren svarer ikke. Prøv igen om lidt.")

NOT_KEPT = T("Filen kan ikke gemmes lige nu, for der kan ikke skrives på serverens disk. Sig det til administratoren.")


class Refused(Exception):
    """Why a file is not taken, as a sentence for the person who chose it."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message
