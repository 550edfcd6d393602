"""Every public name says what it is."""

from __future__ import annotations

import inspect

import pytest

import eventstudy as es

PUBLIC = [name for name in es.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring(name):
    value = getattr(es, name)
    assert inspect.getdoc(value), name
    assert len(inspect.getdoc(value).splitlines()[0]) > 15


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_methods_of_a_public_class_do_too(name):
    value = getattr(es, name)
    if not inspect.isclass(value):
        return
    for attribute, member in vars(value).items():
        if not attribute.startswith("_") and (
            inspect.isfunction(member) or isinstance(member, property | classmethod)
        ):
            assert inspect.getdoc(getattr(value, attribute)), f"{name}.{attribute}"


def test_all_names_are_sorted_once_and_found():
    assert list(es.__all__) == sorted(set(es.__all__))
    assert set(es.__all__) <= set(dir(es))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = es.Nothing
