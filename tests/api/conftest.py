"""Fixtures: services of the real program, and pictures to send them."""

import io

import numpy
import pytest
from PIL import Image
from service import base64_photo, start_service, stop_service


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """One service for all tests that do not change it."""
    running = start_service(tmp_path_factory.mktemp("service"), performance={"max_queue_size": 62})
    yield running
    assert stop_service(running) == 0, running.log.read_text()[-3000:]


@pytest.fixture
def start(tmp_path):
    """A function that starts a service with its own configuration."""
    running = []

    def run(**sections):
        running.append(start_service(tmp_path, **sections))
        return running[-1]

    yield run
    for one in running:
        if one.process.poll() is None:
            assert stop_service(one) == 0, one.log.read_text()[-3000:]


@pytest.fixture(scope="session")
def cat():
    return base64_photo("photo_cat.png")


@pytest.fixture(scope="session")
def large_jpeg():
    """A detailed picture of 12 megapixels (4000 x 3000), about 5 MB as JPEG."""
    random = numpy.random.default_rng(12)
    noise = random.integers(0, 256, (750, 1000, 3), dtype=numpy.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return file.getvalue()
