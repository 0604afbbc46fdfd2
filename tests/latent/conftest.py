import pytest
from latent_games import GAMES


@pytest.fixture(params=GAMES)
def game(request):
    """A game of each kind with its condition."""
    make, condition = GAMES[request.param]
    return make(), condition
